using System.Diagnostics;
using System.Globalization;
using Chat.Tests.Support;
using Flood;

// A stranger in a quiet group writes ten messages a second, first alone, then beside one user who sends as much as 20 connections
// can. The program measures how long the stranger's acknowledgements take. See bench/README.md.
var seconds = args is [var first, ..] ? int.Parse(first, CultureInfo.InvariantCulture) : 10;
var settings = new Dictionary<string, string> { ["Logging:LogLevel:Default"] = "Warning" };
await using var redis = await RedisUnderTest.StartAsync();
await using var one = await NodeProcess.StartAsync(redis.ConnectionString, settings);
await using var two = await NodeProcess.StartAsync(redis.ConnectionString, settings);
await using var three = await NodeProcess.StartAsync(redis.ConnectionString, settings);
NodeProcess[] nodes = [one, two, three];
await Stranger.MeasureAsync(one, TimeSpan.FromSeconds(3)); // the first seconds measure the JIT compiler
var alone = await Stranger.MeasureAsync(one, TimeSpan.FromSeconds(seconds));
Console.WriteLine($"alone                  {alone}");
foreach (var (name, bytes) in new[] { ("small", 100), ("large", 32_000) })
{
    using var end = new CancellationTokenSource();
    var before = Stopwatch.GetTimestamp();
    var flooders = Enumerable.Range(0, 20).Select(i => new Flooder(nodes[i % 3].Address, bytes)).ToArray();
    var flood = Task.WhenAll(flooders.Select(flooder => flooder.RunAsync(end.Token)));
    var beside = await Stranger.MeasureAsync(one, TimeSpan.FromSeconds(seconds));
    await end.CancelAsync();
    await flood;
    var taken = flooders.Sum(flooder => flooder.Acknowledged) / Stopwatch.GetElapsedTime(before).TotalSeconds;
    Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"beside {name} messages  {beside}; the flooder got {taken:0} a second through"));
}
