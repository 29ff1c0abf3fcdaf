using Chat.Api.Messages;
using Chat.Api.Topics;

namespace Chat.Tests.Simulation;

/// <summary>One history: a cluster, its clients and a Redis, created from a seed, taken through some steps and back to rest.</summary>
internal sealed partial class History : IDisposable
{
    private static readonly string[] Groups = ["a", "b"];

    private readonly World _world;
    private readonly Model _model;
    private readonly SimulatedRedis _redis;
    private readonly SimulatedMeters _meters = new();
    private readonly TopicMetrics _metrics;
    private readonly List<SimulatedNode> _nodes = [];
    private readonly List<SimulatedNode> _dead = [];
    private readonly List<SimulatedClient> _clients = [];
    private readonly bool _hasPresence;
    private readonly bool _hasSkew;
    private readonly bool _hasDeletions;
    private int _started;

    private History(ulong seed, Fault fault, bool isTraced)
    {
        var dice = new Dice(seed);
        _world = new World(fault, isTraced) { Dice = dice };
        IsCalm = dice.OneIn(8);
        _hasPresence = dice.OneIn(8);
        _hasSkew = dice.OneIn(2);
        _hasDeletions = seed % 9 == 0; // without the dice: all other histories are what they were before there were deletions
        var kept = dice.OneIn(3) ? dice.Next(3, 15) : 300;
        _model = new Model(_world, kept) { IsCalm = IsCalm };
        _redis = new SimulatedRedis(_world, _model, kept);
        _world.Add(_redis);
        _metrics = new TopicMetrics(_meters);
        for (var nodes = dice.Next(2, 4); nodes > 0; nodes--)
        {
            StartNode();
        }

        var users = dice.Next(1, 3);
        for (var device = 0; device < users * dice.Next(1, 3); device++)
        {
            var user = "u" + (device % users);
            _clients.Add(new SimulatedClient(_world, _model, user, $"{user}d{device / users}", null, watches: false));
        }

        for (var raw = dice.Next(_hasPresence ? 2 : 1, 3); raw > 0; raw--)
        {
            var topic = Topic.Group(Groups[_hasPresence ? 0 : dice.Next(Groups.Length)]);
            _clients.Add(new SimulatedClient(_world, _model, "r" + raw, "r" + raw, topic, watches: _hasPresence));
        }

        Steps = Step.Of(dice, IsCalm);
    }

    /// <summary>Whether the history has no faults.</summary>
    public bool IsCalm { get; }

    public Step[] Steps { get; }

    /// <summary>Runs the history of a seed.</summary>
    /// <param name="seed">The seed.</param>
    /// <param name="fault">The fault put in on purpose.</param>
    /// <param name="steps">The steps to run instead of the seed's own, of which they are a part.</param>
    /// <param name="isTraced">Whether all events are recorded.</param>
    public static Outcome Run(ulong seed, Fault fault = Fault.None, IReadOnlyList<Step>? steps = null, bool isTraced = false)
    {
        var before = SynchronizationContext.Current;
        using var history = new History(seed, fault, isTraced);
        try
        {
            history.Run(steps ?? history.Steps);
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(before);
        }

        return new Outcome(seed, history._world.Violation, steps ?? history.Steps, history._world.TraceText, history._world.Events);
    }

    public void Dispose()
    {
        foreach (var node in _nodes.Concat(_dead))
        {
            node.Dispose();
        }

        _meters.Dispose();
    }

    private void Run(IReadOnlyList<Step> steps)
    {
        _world.Advance(TimeSpan.FromMilliseconds(300));
        foreach (var step in steps)
        {
            if (_world.IsOver)
            {
                return;
            }

            if (_world.IsTraced)
            {
                _world.Trace($"-- {step}");
            }

            _world.Dice = new Dice(step.Seed);
            Take(step);
            if (_hasDeletions && (step.Kind is StepKind.Post or StepKind.Wait) && step.A % 2 == 0)
            {
                Delete(step);
            }

            _world.Run(_world.Dice.Next(14));
        }

        Settle();
    }

    private void StartNode()
    {
        var skew = _hasSkew ? TimeSpan.FromSeconds(_world.Dice.Next(-1200, 1200)) : TimeSpan.Zero;
        var node = new SimulatedNode(_world, _redis, _model, _metrics, "n" + ++_started, skew, _hasPresence);
        _nodes.Add(node);
        node.Start();
    }

    private void Take(Step step)
    {
        var client = _clients[step.A % _clients.Count];
        var node = _nodes[step.B % _nodes.Count];
        var group = Groups[_hasPresence ? 0 : step.B % Groups.Length];
        switch (step.Kind)
        {
            case StepKind.Post or StepKind.PostAgain:
                client.Post(client.Topic?.Name ?? "group:" + group, again: step.Kind == StepKind.PostAgain);
                break;
            case StepKind.Connect or StepKind.ConnectForgetful or StepKind.ConnectInvented:
                if (client.Current is null)
                {
                    client.Connect(node, step.Kind == StepKind.ConnectForgetful ? 1 + (step.B % 5) : 0, step.Kind == StepKind.ConnectInvented);
                }

                break;
            case StepKind.Disconnect:
                client.Disconnect();
                break;
            case StepKind.Join:
                client.Join(group);
                break;
            case StepKind.Leave:
                client.Leave(group);
                break;
            case StepKind.Wait:
                _world.Advance(TimeSpan.FromMilliseconds(10 << (step.A % 10)));
                break;
            case StepKind.ClientSlow:
                client.IsSlow = !client.IsSlow;
                break;
            default:
                Break(step, node);
                break;
        }
    }

    // One of the latest messages, and sometimes one that is deleted already or lost.
    private void Delete(Step step)
    {
        var said = _model.In("group:" + Groups[_hasPresence ? 0 : step.A / 2 % Groups.Length]);
        var node = _nodes[step.A % _nodes.Count];
        if (said.Count > 0 && !node.Process.IsDead)
        {
            node.Delete(said[Math.Max(0, said.Count - 1 - (step.B % 5))]);
        }
    }

    private void Break(Step step, SimulatedNode node)
    {
        _model.IsCalm = false;
        switch (step.Kind)
        {
            case StepKind.RedisKilled when _redis.IsRunning:
                _redis.Kill(lost: step.A % 3 == 0 ? 0 : step.A % 7 == 1 ? _redis.Writes : 1 + (step.A % 12));
                if (step.B % 2 == 0)
                {
                    _redis.Start();
                }

                break;
            case StepKind.RedisBack:
                _redis.Start();
                _redis.IsPaused = false;
                break;
            case StepKind.RedisPaused:
                _redis.IsPaused = _redis.IsRunning;
                break;
            case StepKind.RedisFlushed:
                _redis.Flush();
                break;
            case StepKind.ChannelsLose:
                _redis.LosesOneIn = step.A % 3 == 0 ? 0 : 1 + (step.A % 5);
                break;
            case StepKind.LinkDeaf or StepKind.ChannelDeaf:
                _redis.Deafen(node.Backplane.Subscriptions.Link, all: step.Kind == StepKind.LinkDeaf);
                break;
            case StepKind.LinkBroken:
                node.Process.Run((step.A % 2 == 0 ? node.Backplane.Subscriptions.Link : node.Backplane.Commands).Break);
                break;
            case StepKind.LinkSlow:
                (step.A % 2 == 0 ? node.Backplane.Subscriptions.Link : node.Backplane.Commands).SlowUntil = _world.Now + TimeSpan.FromMilliseconds(20 << (step.A % 8)).Ticks;
                break;
            case StepKind.NodeCut:
                node.IsCut = true;
                break;
            case StepKind.NodeFrozen:
                node.Process.IsFrozen = true;
                break;
            case StepKind.NodeKilled when _nodes.Count > 1:
                Kill(node);
                break;
            case StepKind.NodeStarted when _nodes.Count < 4:
                StartNode();
                break;
            case StepKind.NodesBack:
                _nodes.ForEach(static node => node.IsCut = node.Process.IsFrozen = false);
                break;
        }
    }

    private void Kill(SimulatedNode node)
    {
        node.Kill();
        _model.OnKilled();
        _redis.Forget(node);
        _nodes.Remove(node);
        _dead.Add(node);
    }
}

/// <summary>How a history ended.</summary>
/// <param name="Seed">The seed of the history.</param>
/// <param name="Violation">The promise that was broken, or null.</param>
/// <param name="Steps">The steps that were run.</param>
/// <param name="Trace">The recorded events, if that was asked for.</param>
/// <param name="Events">The number of events.</param>
internal sealed record Outcome(ulong Seed, string? Violation, IReadOnlyList<Step> Steps, string Trace, int Events);
