using System.Globalization;
using Chat.Faults.Checking;
using Chat.Faults.Clients;
using Chat.Faults.Systems;

namespace Chat.Faults.Scenarios;

/// <summary>The stage of a scenario: a cluster under load, and the records of the run.</summary>
internal sealed class Stage : IAsyncDisposable
{
    private readonly TimeSpan _opened = Clock.Now;
    private readonly Scenario _scenario;
    private readonly List<string> _measures = [];
    private readonly List<string> _violations = [];
    private Fault _fault = Fault.None();

    private Stage(Scenario scenario, SystemUnderTest system, bool isQuick)
    {
        _scenario = scenario;
        System = system;
        IsQuick = isQuick;
    }

    public SystemUnderTest System { get; }

    public bool IsQuick { get; }

    public Cluster Cluster { get; private set; } = null!;

    public Load Load { get; private set; } = null!;

    /// <summary>Runs a scenario. It never throws: errors are in the outcome.</summary>
    public static async Task<Outcome> PlayAsync(Scenario scenario, SystemUnderTest system, ClusterOptions options, bool isQuick)
    {
        var stage = new Stage(scenario, system, isQuick);
        var verdict = new Verdict();
        try
        {
            await stage.OpenAsync(options);
            await stage.RunAsync(seconds: 3);
            await scenario.BreakAsync(stage);
            await stage.RunAsync(seconds: 3);
            verdict = await stage.JudgeAsync();
        }
        catch (Exception exception)
        {
            stage._violations.Add($"It did not get to its end: {exception.Message}");
        }

        var outcome = new Outcome(scenario.Name, system.Name)
        {
            Verdict = verdict,
            Measures = stage._measures,
            Violations = stage._violations,
            Took = Clock.Now - stage._opened,
        };
        stage.Say(outcome.Violations.Count == 0 ? $"as expected: {verdict}" : $"NOT AS EXPECTED: {string.Join(' ', outcome.Violations)} {verdict}");
        if (outcome.Violations.Count > 0 && stage.Cluster is { } cluster)
        {
            var file = Path.Combine(Path.GetTempPath(), $"chat-faults-{system.Name}-{scenario.Name}.log");
            await File.WriteAllTextAsync(file, $"{string.Join('\n', verdict.Losses)}\n\n{cluster.Log()}");
            stage.Say($"who lacks what, and what the processes wrote, is in {file}");
        }

        await stage.DisposeAsync();
        return outcome;
    }

    /// <summary>Whether the node reports that it is ready for clients.</summary>
    public static async Task<bool> IsReadyAsync(Node node)
    {
        try
        {
            using var answer = await node.Process.Http.GetAsync("health");
            return answer.IsSuccessStatusCode;
        }
        catch (Exception exception) when (exception is HttpRequestException or TaskCanceledException)
        {
            return false;
        }
    }

    /// <summary>Writes a line of progress.</summary>
    public void Say(string what) =>
        Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{(Clock.Now - _opened).TotalSeconds,6:0.0} s  {System.Name} {_scenario.Name}: {what}"));

    /// <summary>Lets messages flow for this time, or for a third of it in a quick run.</summary>
    public Task RunAsync(double seconds) => Task.Delay(TimeSpan.FromSeconds(IsQuick ? seconds / 3 : seconds));

    /// <summary>Marks the beginning of the fault.</summary>
    /// <param name="what">The fault, in words.</param>
    /// <param name="on">The node that breaks, if it is a node.</param>
    public void Begin(string what, Node? on = null)
    {
        var hit = Load.Clients.Where(client => client.Node == on?.Id).Select(client => client.Name).ToHashSet();
        Say(on is null ? what : string.Create(CultureInfo.InvariantCulture, $"{what} with {hit.Count} clients on it"));
        _fault = new Fault(Clock.Now, TimeSpan.MaxValue, hit);
    }

    /// <summary>Marks the end of the fault. The time to recover counts from now on.</summary>
    public void End(string what)
    {
        Say(what);
        _fault = _fault with { Ended = Clock.Now };
    }

    /// <summary>Adds a measurement to the table.</summary>
    public void Measure(string what)
    {
        Say(what);
        _measures.Add(what);
    }

    /// <summary>Records a violation unless the condition holds.</summary>
    public void Demand(bool holds, string what)
    {
        if (!holds)
        {
            _violations.Add(what);
        }
    }

    /// <summary>Waits until the condition holds. If it does not in time, that is a violation.</summary>
    /// <returns>How long it took.</returns>
    public async Task<TimeSpan> UntilAsync(Func<Task<bool>> condition, double seconds, string what)
    {
        var began = Clock.Now;
        while (!await condition())
        {
            if ((Clock.Now - began).TotalSeconds > seconds)
            {
                Demand(false, string.Create(CultureInfo.InvariantCulture, $"Not within {seconds} s: {what}."));
                break;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(20));
        }

        return Clock.Now - began;
    }

    public async ValueTask DisposeAsync()
    {
        await (Load?.DisposeAsync() ?? ValueTask.CompletedTask);
        await (Cluster?.DisposeAsync() ?? ValueTask.CompletedTask);
    }

    private async Task OpenAsync(ClusterOptions options)
    {
        Cluster = await Cluster.StartAsync(System, options);
        var size = _scenario.Size(IsQuick);
        Load = await Load.JoinAsync(System, () => Cluster.Door, size);
        Say(string.Create(CultureInfo.InvariantCulture, $"{size.Clients} clients in {size.Groups} groups on {options.Nodes} nodes, {size.Rate} messages/s"));
        Load.Start();
    }

    private async Task<Verdict> JudgeAsync()
    {
        var verdict = await Load.StopAsync(() => Judge.Of(Load.Ledger, Load.Clients, _scenario.RedisForgets, _fault));
        Demand(verdict.Lost == 0, $"{verdict.Lost} lost.");
        Demand(verdict.Duplicated == 0, $"{verdict.Duplicated} duplicated.");
        Demand(verdict.Reordered == 0, $"{verdict.Reordered} reordered.");
        Demand(verdict.Leaked == 0, $"{verdict.Leaked} leaked.");
        Demand(verdict.Acknowledged == verdict.Sent, $"{verdict.Sent - verdict.Acknowledged} never acknowledged.");
        Demand(verdict.Holes == 0 || _scenario.MayTellOfHoles, $"{verdict.Holes} clients were told of a hole.");
        Demand(verdict.Interrupted == 0 || !_scenario.KeepsConnections, $"{verdict.Interrupted} connections ended.");
        Demand(IsQuick || verdict.Recovery <= _scenario.RecoversWithin, // quick runs are tests, on machines of any speed
            string.Create(CultureInfo.InvariantCulture, $"recovered after {verdict.Recovery.TotalSeconds:0.0} s."));
        return verdict;
    }
}
