using System.Text;
using Chat.Api.Admissions;
using Chat.Api.Backplane;
using Chat.Api.Hubs;
using Chat.Api.Memberships;
using Chat.Api.Messages;
using Chat.Api.Nodes;
using Chat.Api.Redis.Resp;
using Chat.Api.Redis;
using Chat.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace Chat.Tests.Backplane;

/// <summary>The backplane of one node, with a listener that keeps what it hears.</summary>
internal sealed class BackplaneNode : IAsyncDisposable
{
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(15); // only a failing test waits this long

    private readonly RedisCommands _commands;
    private readonly RedisSubscriptions _subscriptions;
    private readonly RedisLives _lives;
    private readonly RedisKeys _keys;
    private readonly BackplaneOptions _options;
    private readonly CancellationTokenSource _stopping = new();
    private Task _ticking = Task.CompletedTask;

    private BackplaneNode(RedisEndpoint endpoint, BackplaneOptions options, TimeProvider time, string prefix)
    {
        var keys = new RedisKeys(prefix);
        var node = new NodeIdentity(time);
        var metrics = new BackplaneMetrics(NoMeters.Instance);
        _options = options;
        _keys = keys;
        _commands = new RedisCommands(endpoint, options, keys, [.. RedisBackplane.Scripts, .. RedisUserPlaces.Scripts, .. RedisMemberships.Scripts], static () => { }, NullLogger.Instance);
        _subscriptions = new RedisSubscriptions(endpoint, keys, node.Id, Listener, options, metrics, NullLogger.Instance);
        _lives = new RedisLives(_commands, keys, Listener);
        Memberships = new RedisMemberships(_commands, keys, TimeSpan.FromHours(1));
        TypingTurns = new RedisTypingTurns(_commands, keys);
        Places = new RedisUserPlaces(_commands, keys, node);
        Backplane = new RedisBackplane(_commands, _subscriptions, keys, options, node, time, metrics);
        Id = node.Id;
    }

    public string Id { get; }

    public RedisBackplane Backplane { get; }

    public RedisMemberships Memberships { get; }

    public RedisTypingTurns TypingTurns { get; }

    public RedisUserPlaces Places { get; }

    public PositionKeeper PositionKeeper(TimeProvider time) => new(_commands, _keys, Listener, _options, time);

    public RecordingListener Listener { get; } = new();

    /// <summary>Times so long that a busy machine is not taken for a fault.</summary>
    public static BackplaneOptions PatientOptions() => new()
    {
        CommandTimeout = TimeSpan.FromSeconds(10),
        SilenceLimit = TimeSpan.FromSeconds(30),
        TopicMessagesPerSecond = 0,
        TopicBytesPerSecond = 0,
    };

    /// <summary>Times so short that faults are found while a test waits.</summary>
    public static BackplaneOptions FastOptions() => new()
    {
        CommandTimeout = TimeSpan.FromMilliseconds(500),
        TickInterval = TimeSpan.FromMilliseconds(250),
        SilenceLimit = TimeSpan.FromSeconds(1.5),
    };

    public static Task<BackplaneNode> StartAsync(string connectionString, BackplaneOptions? options = null, TimeProvider? time = null, string prefix = "") =>
        StartAsync(RedisEndpoint.Parse(connectionString), options, time, prefix);

    public static async Task<BackplaneNode> StartAsync(RedisEndpoint endpoint, BackplaneOptions? options = null, TimeProvider? time = null, string prefix = "")
    {
        var node = new BackplaneNode(endpoint, options ?? PatientOptions(), time ?? TimeProvider.System, prefix);
        node._commands.Start();
        node._subscriptions.Start();
        node._ticking = node.TickAsync();
        await node.Listener.RestoredAsync();
        await node.ReadyAsync();
        return node;
    }

    /// <summary>Returns when the backplane says that it is ready, or that it is not.</summary>
    public Task ReadyAsync(bool ready = true) => Eventually.TrueAsync(() => Backplane.IsReady(out _) == ready);

    public Task<Outcome> PublishAsync(Topic topic, string msg, string id = "", string from = "1", string signal = "", bool isRemoval = false)
    {
        var outcome = new Outcome();
        Backplane.Publish(new Publication
        {
            Kind = topic.Kind,
            Topic = topic.Utf8Name.Span,
            From = Encoding.UTF8.GetBytes(from),
            Msg = Encoding.UTF8.GetBytes(msg),
            MsgId = Encoding.UTF8.GetBytes(id),
            Signal = Encoding.UTF8.GetBytes(signal),
            IsRemoval = isRemoval,
        }, outcome);
        return outcome.Task.WaitAsync(Deadline);
    }

    /// <summary>Publishes until it succeeds, as a client does that was told to retry.</summary>
    public async Task<Outcome> PublishAnyhowAsync(Topic topic, string msg, string id)
    {
        Outcome? outcome = null;
        await Eventually.TrueAsync(async () => (outcome = await PublishAsync(topic, msg, id)).IsPublished);
        return outcome!;
    }

    public async Task<Heard[]> ReadAsync(Topic topic, string epoch, long since, int limit = 1000)
    {
        var page = await Backplane.ReadAsync(topic, epoch, since, limit);
        return [.. page.Envelopes.Select(envelope => Heard.Parse(topic.Name, envelope))];
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _ticking.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _subscriptions.Dispose();
        _commands.Dispose();
        _stopping.Dispose();
    }

    // What RedisBackplaneHost does.
    private async Task TickAsync()
    {
        using var timer = new PeriodicTimer(_options.TickInterval);
        do
        {
            _commands.LookAfterLinks();
            _subscriptions.Tick(_commands);
            Backplane.TellHeads();
            _lives.Share();
        }
        while (await timer.WaitForNextTickAsync(_stopping.Token));
    }
}
