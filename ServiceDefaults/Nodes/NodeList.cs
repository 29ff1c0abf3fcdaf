using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using StackExchange.Redis;

namespace ServiceDefaults.Nodes;

/// <summary>The list of live nodes in Redis, as nodes and edges read it.</summary>
/// <remarks>Every call ends within <see cref="CallTimeout"/>, or throws <see cref="TimeoutException"/>. If Redis is away, calls throw
/// <see cref="RedisException"/>.</remarks>
public sealed class NodeList(IConnectionMultiplexer redis, NodeKeys keys, TimeProvider time)
{
    private static readonly TimeSpan CallTimeout = TimeSpan.FromSeconds(2);
    private static readonly string Script = EmbeddedText.Read("node-list.lua");

    /// <summary>The nodes whose lease is valid by Redis's clock. An entry that cannot be read is left out, because it is no reason to lose the others.</summary>
    public async Task<IReadOnlyList<T>> ReadAsync<T>(JsonTypeInfo<T> type)
        where T : class =>
        Parse(await RunAsync(Script, [keys.Leases, keys.Info]), type);

    /// <summary>Calls <paramref name="announced"/> with the id of each node that joins, changes state or goes. The client library keeps the
    /// subscription over reconnects; announcements made meanwhile are lost.</summary>
    public async Task ListenAsync(Action<string> announced)
    {
        var (subscriber, channel) = (redis.GetSubscriber(), new RedisChannel(keys.Channel, RedisChannel.PatternMode.Literal));
        Action<RedisChannel, RedisValue> handler = (_, id) => announced((string?)id ?? "");
        try
        {
            await subscriber.SubscribeAsync(channel, handler).WaitAsync(CallTimeout, time);
        }
        catch
        {
            // The client library keeps the handler of a subscription that failed. With each attempt, an announcement would come once more.
            _ = subscriber.UnsubscribeAsync(channel, handler, CommandFlags.FireAndForget);
            throw;
        }
    }

    /// <summary>Publishes the text to all who listen. Does not wait.</summary>
    /// <exception cref="RedisException">Redis is away.</exception>
    public void Announce(string text) => redis.GetSubscriber()
        .Publish(new RedisChannel(keys.Channel, RedisChannel.PatternMode.Literal), text, CommandFlags.FireAndForget);

    /// <summary>Runs a script.</summary>
    // EVAL with the text, not EVALSHA: at a call or two a second, the bytes do not matter, and a restart of Redis cannot make the call fail for a missing script.
    public async Task<RedisResult> RunAsync(string script, RedisKey[] scriptKeys, params RedisValue[] values)
    {
        try
        {
            return await redis.GetDatabase().ScriptEvaluateAsync(script, scriptKeys, values, CommandFlags.NoScriptCache).WaitAsync(CallTimeout, time);
        }
        catch (RedisServerException exception) when (exception.Message.Contains("READONLY", StringComparison.Ordinal))
        {
            // A replica has taken over, and this server has kept its connections open. The library would take it for the primary for up to a minute
            // more, in which the leases of all nodes would end. The next call goes to the right server.
            await redis.ConfigureAsync().WaitAsync(CallTimeout, time);
            throw;
        }
    }

    /// <summary>The entries of a script's answer.</summary>
    public static IReadOnlyList<T> Parse<T>(RedisResult entries, JsonTypeInfo<T> type)
        where T : class =>
        [.. ((string?[]?)entries ?? []).Select(entry => Parse(entry, type)).OfType<T>()];

    private static T? Parse<T>(string? json, JsonTypeInfo<T> type)
        where T : class
    {
        try
        {
            return json is null ? null : JsonSerializer.Deserialize(json, type);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
