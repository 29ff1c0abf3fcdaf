using System.Globalization;
using Chat.Bench;
using Chat.Bench.Comebacks;
using Chat.Bench.Growth;
using Chat.Bench.Reports;
using Chat.Bench.Shards;
using Chat.Bench.Systems;
using Chat.Tests.Support;

if (args is [ComebackCommand.Name, ..])
{
    return ComebackCommand.Run(args[1..]);
}

if (args is ["shards", .. var more])
{
    return await ShardTable.PrintAsync(more);
}

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
    if (options.Holds)
    {
        await HoldRun.RunAsync(options);
    }

    if (options.Growth.Count > 0)
    {
        var growth = await GrowthRun.RunAsync(options);
        Console.WriteLine(options.IsJson ? Json.Of(Machine.Describe(), options, growth) : string.Create(CultureInfo.InvariantCulture,
            $"{Machine.Describe()}; door {options.Door}, {options.Size} bytes, medians of {options.Repetitions} times {options.Seconds} s.\n\n{GrowthTable.Of(growth)}"));
        return growth.All(row => row.Row?.Faults.AreNone == true) ? 0 : 1;
    }

    await using var target = await Target.StartAsync(options);
    words = target.Words;
    rows = await Runner.RunAsync(options, target);
}
catch (Exception exception) when (exception is HttpRequestException or RefusedException or System.Net.Sockets.SocketException or InvalidOperationException or TimeoutException)
{
    Console.Error.WriteLine($"It could not be measured: {exception.Message}");
    return 2;
}

Console.WriteLine(options.IsJson ? Json.Of(Machine.Describe(), words, options, rows) : string.Create(CultureInfo.InvariantCulture,
    $"{Machine.Describe()}; {words}; door {options.Door}, {options.Size} bytes, medians of {options.Repetitions} times {options.Seconds} s.\n\n{Tables.Of(rows)}"));
return rows.All(row => row.Faults.AreNone) ? 0 : 1;
