using Chat.Bench.Systems;
using Chat.Bench.Workloads;

namespace Chat.Bench.Growth;

/// <summary>Silent connections that stay for as long as the program runs.</summary>
internal static class HoldRun
{
    public const string Option = "--hold";
    public const string Done = "All are in.";

    /// <summary>Returns only if the clients cannot connect.</summary>
    public static async Task RunAsync(BenchOptions options)
    {
        await using var target = await Target.StartAsync(options);
        using var crowd = await Crowd.GatherAsync(options.Workloads[0], options, target);
        await crowd.ComeAsync(options.AtOnce);
        if (crowd.Ready < crowd.Seating.Connections)
        {
            throw new InvalidOperationException($"{crowd.Seating.Connections - crowd.Ready} of them are not in: {crowd.Complaint}");
        }

        Console.WriteLine(Done);
        await Task.Delay(Timeout.Infinite);
    }
}
