using System.Collections.Concurrent;
using System.Text.Json;
using System.Threading.Channels;

namespace Chat.Tests.Support;

/// <summary>A node of the first seed, as seen from Redis. It subscribes, publishes and formats exactly as that version does, and knows nothing of
/// logs, offsets or ids. Its clients are method calls.</summary>
internal sealed class SeedNode : IAsyncDisposable
{
    private static readonly JsonSerializerOptions AnyCase = new() { PropertyNameCaseInsensitive = true };

    private readonly ConcurrentDictionary<string, ConcurrentDictionary<SeedClient, bool>> _members = new();
    private readonly ConcurrentDictionary<string, TaskCompletionSource> _subscribing = new();
    private readonly RedisServer _redis;
    private readonly RedisClient _subscriber;
    private readonly Task _listening;

    public SeedNode(RedisServer redis)
    {
        _redis = redis;
        _subscriber = new RedisClient(redis.Port, patient: true);
        _listening = Task.Factory.StartNew(Listen, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    /// <summary><c>/chat/user/{id}</c></summary>
    public Task<SeedClient> UserAsync(string id) => JoinAsync($"user:{id}", id);

    /// <summary><c>/chat/group/{group}/{id}</c></summary>
    public Task<SeedClient> GroupAsync(string group, string id) => JoinAsync($"group:{group}", id);

    /// <summary><c>/chat/all/{id}</c></summary>
    public Task<SeedClient> AllAsync(string id) => JoinAsync("all", id);

    public async ValueTask DisposeAsync()
    {
        _subscriber.Dispose();
        await _listening;
    }

    internal void Publish(string channel, object message) => _redis.Execute("PUBLISH", channel, JsonSerializer.Serialize(message));

    private async Task<SeedClient> JoinAsync(string channel, string id)
    {
        var client = new SeedClient(this, channel, id);
        var members = _members.GetOrAdd(channel, static _ => new());
        members[client] = true;
        if (_subscribing.TryAdd(channel, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)))
        {
            _subscriber.Send("SUBSCRIBE", channel);
        }

        await _subscribing[channel].Task.WaitAsync(TimeSpan.FromSeconds(10));
        return client;
    }

    private void Listen()
    {
        try
        {
            while (true)
            {
                switch (_subscriber.Receive())
                {
                    case object?[] and ["subscribe", string channel, ..]:
                        _subscribing[channel].TrySetResult();
                        break;
                    case object?[] and ["message", string channel, string payload]:
                        Deliver(channel, JsonSerializer.Deserialize<SeedMessage>(payload, AnyCase)!);
                        break;
                }
            }
        }
        catch (Exception exception) when (exception is System.Net.Sockets.SocketException or IOException or ObjectDisposedException)
        {
            // Disposed.
        }
    }

    private void Deliver(string channel, SeedMessage message)
    {
        var text = channel.Split(':') switch
        {
            ["user", _] => $"user {message.FromId} send:{message.Msg}",
            ["group", var group] => $"group 【{group}】 user 【{message.FromId}】 send:{message.Msg}",
            _ => $"user 【{message.FromId}】 send all:{message.Msg}",
        };
        foreach (var member in _members[channel].Keys.Where(member => channel.StartsWith("user:", StringComparison.Ordinal) || member.Id != message.FromId))
        {
            member.Hear(text);
        }
    }

    private sealed record SeedMessage(string FromId, string? ToId, string Msg);
}

/// <summary>A client of a <see cref="SeedNode"/>.</summary>
internal sealed class SeedClient(SeedNode node, string channel, string id)
{
    private readonly Channel<string> _heard = Channel.CreateUnbounded<string>();

    public string Id => id;

    public void SendToUser(string to, string msg) => node.Publish($"user:{to}", new { FromId = id, ToId = to, Msg = msg });

    /// <summary>Sends to the client's group, or to all.</summary>
    public void Send(string msg)
    {
        if (channel == "all")
        {
            node.Publish(channel, new { FromId = id, Msg = msg });
        }
        else
        {
            node.Publish(channel, new { FromId = id, ToId = channel["group:".Length..], Msg = msg });
        }
    }

    public async Task<string> NextAsync() => await _heard.Reader.ReadAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(15));

    internal void Hear(string text) => _heard.Writer.TryWrite(text);
}
