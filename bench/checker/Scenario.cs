using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using Chat.Tests.Support;

namespace Checker;

/// <summary>Groups spread over the nodes, messages at a steady rate; in the middle one node is killed and Redis with it.</summary>
internal sealed class Scenario : IAsyncDisposable
{
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan RedisIsAway = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan EndTime = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan SettleTime = TimeSpan.FromSeconds(60);

    // The limit of messages is far above what a member sends; the log has to hold what comes while one is away.
    private static readonly Dictionary<string, string> Settings = new() { ["Logging:LogLevel:Default"] = "Warning" };

    private readonly CheckerOptions _options;
    private readonly RedisUnderTest _redis;
    private readonly List<NodeProcess> _nodes;
    private readonly List<ResumingClient> _members = [];
    private readonly ConcurrentBag<Task<Sent>> _sent = [];
    private readonly Stopwatch _watch = new();

    private Scenario(CheckerOptions options, RedisUnderTest redis, List<NodeProcess> nodes)
    {
        _options = options;
        _redis = redis;
        _nodes = nodes;
    }

    public static async Task<Scenario> StartAsync(CheckerOptions options, RedisUnderTest redis)
    {
        var nodes = await Task.WhenAll(Enumerable.Range(0, options.Nodes).Select(_ => NodeProcess.StartAsync(redis.ConnectionString, Settings)));
        var scenario = new Scenario(options, redis, [.. nodes]);
        for (var i = 0; i < options.Members; i++)
        {
            scenario.Join(i);
        }

        await Task.WhenAll(scenario._members.Select(member => member.Subscribed)).WaitAsync(SettleTime);
        Console.WriteLine($"{options.Members} members in {options.Groups} groups on {options.Nodes} nodes, {options.Rate} messages/s for {options.Seconds} s");
        return scenario;
    }

    public async Task RunAsync()
    {
        _watch.Start();
        var faults = BreakAsync();
        using var ticks = new PeriodicTimer(Pace);
        var sent = 0;
        while (_watch.Elapsed.TotalSeconds < _options.Seconds && await ticks.WaitForNextTickAsync())
        {
            for (var due = (int)(Math.Min(_watch.Elapsed.TotalSeconds, _options.Seconds) * _options.Rate); sent < due; sent++)
            {
                _sent.Add(SendAsync(Random.Shared.Next(_options.Members), sent));
            }
        }

        await faults;
    }

    /// <summary>Waits until what was sent is settled and has had time to arrive, then counts.</summary>
    public async Task<Verdict> JudgeAsync()
    {
        await ((Task)Task.WhenAll(_sent)).WaitAsync(SettleTime).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        var sent = _sent.Where(send => send.IsCompletedSuccessfully).Select(send => send.Result).ToList();
        var arrivals = _members.Select((member, i) => member.UntilAsync(
            sent.Count(message => GroupOf(message.Member) == GroupOf(i) && message.Member != i), SettleTime));
        await Task.WhenAll(arrivals).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return Verdict.Of(_sent.Count, sent, [.. _members.Select((member, i) => new Received(i, GroupOf(i), member))]);
    }

    public async ValueTask DisposeAsync()
    {
        // The verdict stands; no connection may hold up the end.
        var members = Task.WhenAll(_members.Select(member => member.DisposeAsync().AsTask()));
        await members.WaitAsync(EndTime).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await Task.WhenAll(_nodes.Select(node => node.DisposeAsync().AsTask()));
    }

    private int GroupOf(int member) => member % _options.Groups;

    private void Join(int member)
    {
        var attempts = GroupOf(member) + (member / _options.Groups); // so that each group has members on all nodes
        _members.Add(new ResumingClient(
            () => _nodes[(int)((uint)Interlocked.Increment(ref attempts) % _nodes.Count)].Address,
            string.Create(CultureInfo.InvariantCulture, $"/chat/group/g{GroupOf(member)}/m{member}")));
    }

    private async Task<Sent> SendAsync(int member, int number)
    {
        var started = _watch.Elapsed;
        var ack = await _members[member].PublishAsync(number.ToString(CultureInfo.InvariantCulture), $"message {number} of member {member}");
        return new Sent(member, GroupOf(member), ack, _watch.Elapsed - started);
    }

    private async Task BreakAsync()
    {
        await Task.Delay(TimeSpan.FromSeconds(_options.Seconds * 0.4));
        var node = _nodes[_options.Nodes / 2];
        Say($"node {node.Id} killed (SIGKILL) with {_members.Count(member => member.Node == node.Id)} members on it");
        await node.KillAsync();

        await Task.Delay(TimeSpan.FromSeconds(_options.Seconds * 0.1));
        Say("Redis killed (SIGKILL)");
        await _redis.KillAsync();
        await Task.Delay(RedisIsAway);
        await _redis.RestartAsync();
        Say("Redis is back");
    }

    private void Say(string what) => Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{_watch.Elapsed.TotalSeconds,5:0.0} s  {what}"));
}
