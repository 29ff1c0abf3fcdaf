using System.Globalization;
using Chat.Bench;
using Chat.Bench.Reports;
using Chat.Bench.Systems;

if (BenchOptions.Parse(args, out var fault) is not { } options)
{
    Console.Error.WriteLine($"{fault}\n\n{HelpText.Whole}");
    return 2;
}

if (options.WantsHelp)
{
    Console.WriteLine(HelpText.Whole);
    return 0;
}

List<Row> rows;
string words;
try
{
    await using var target = await Target.StartAsync(options);
    words = target.Words;
    rows = await Runner.RunAsync(options, target);
}
catch (Exception exception) when (exception is HttpRequestException or System.Net.Sockets.SocketException or InvalidOperationException or TimeoutException)
{
    Console.Error.WriteLine($"It could not be measured: {exception.Message}");
    return 2;
}

Console.WriteLine(options.IsJson ? Json.Of(Machine.Describe(), words, options, rows) : string.Create(CultureInfo.InvariantCulture,
    $"{Machine.Describe()}; {words}; door {options.Door}, {options.Size} bytes, medians of {options.Repetitions} times {options.Seconds} s.\n\n{Tables.Of(rows)}"));
return rows.All(row => row.Faults.AreNone) ? 0 : 1;
