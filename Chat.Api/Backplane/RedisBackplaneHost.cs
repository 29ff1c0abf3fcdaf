using Chat.Api.Backplane.Resp;
using Chat.Api.Connections;
using Chat.Api.Hubs;
using Chat.Api.Memberships;
using Chat.Api.Nodes;
using Chat.Api.Topics;
using Microsoft.Extensions.Options;

namespace Chat.Api.Backplane;

/// <summary>Starts and stops the backplane, and once a tick makes sure that it is alive.</summary>
/// <remarks>
/// Subscriptions can die without a word (StackExchange.Redis issues 273, 517 and 1110 tell of such deaths; a paused
/// server or a lost route does the same to any client). So each node publishes a tick to itself and must hear it
/// (<see cref="SubscriptionTicks"/>): after three ticks without it is not ready, after <see cref="BackplaneOptions.SilenceLimit"/>
/// all subscriptions are made anew and every topic catches up from its log.
/// </remarks>
internal sealed class RedisBackplaneHost : BackgroundService
{
    private readonly RedisCommands _commands;
    private readonly RedisSubscriptions _subscriptions;
    private readonly RedisBackplane _backplane;
    private readonly RedisLives _lives;
    private readonly PositionKeeper _positions;
    private readonly TopicTable _topics;
    private readonly BackplaneOptions _options;
    private readonly TimeProvider _time;

    public RedisBackplaneHost(
        RedisEndpoint endpoint, RedisKeys keys, NodeIdentity node, TopicTable topics, IOptions<BackplaneOptions> options, IOptions<ChatHubOptions> hub, BackplaneMetrics metrics, TimeProvider time, ILogger<RedisBackplane> logger)
    {
        _topics = topics;
        _options = options.Value;
        _time = time;
        _commands = new RedisCommands(endpoint, _options, keys, EndBatch, logger);
        _lives = new RedisLives(_commands, keys, topics);
        _positions = new PositionKeeper(_commands, keys, _options, time);
        _subscriptions = new RedisSubscriptions(endpoint, keys, node.Id, topics, _options, EndBatch, metrics, logger);
        _backplane = new RedisBackplane(_commands, _subscriptions, keys, _options, node, time, metrics);
        Memberships = new RedisMemberships(_commands, keys, hub.Value.MembershipAge);
        TypingTurns = new RedisTypingTurns(_commands, keys);
        topics.Attach(_backplane);
    }

    public IBackplane Backplane => _backplane;

    public IMemberships Memberships { get; }

    public ITypingTurns TypingTurns { get; }

    public override void Dispose()
    {
        _subscriptions.Dispose();
        _commands.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        _commands.Start();
        _subscriptions.Start();
        using var timer = new PeriodicTimer(_options.TickInterval, _time);
        do
        {
            _commands.BreakOverdue();
            _subscriptions.Tick(_commands);
            _backplane.WriteAgain();
            _backplane.Sweep();
            _backplane.TellHeads();
            _lives.Share();
            _positions.Renew(_topics.Held);
            _topics.Sweep();
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    // The threads of the links send what a round has caused at its end.
    private static void EndBatch()
    {
        SendBatch.Flush();
        SendBatch.Begin();
    }
}
