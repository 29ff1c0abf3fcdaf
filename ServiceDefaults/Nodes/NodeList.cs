using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using StackExchange.Redis;

namespace ServiceDefaults.Nodes;

/// <summary>The registry of live nodes in Redis: its names, and how nodes and edges read it. Only nodes write it.</summary>
/// <remarks>Every call ends within <see cref="CallTimeout"/>, else throws <see cref="TimeoutException"/>; with Redis
/// away it throws <see cref="RedisException"/>.</remarks>
/// <param name="redis">The connection.</param>
/// <param name="prefix"><c>Chat:Redis:Prefix</c>; nodes and edges of one cluster share it.</param>
/// <param name="time">For the timeout.</param>
public sealed class NodeList(IConnectionMultiplexer redis, string prefix, TimeProvider time)
{
    private static readonly TimeSpan CallTimeout = TimeSpan.FromSeconds(2);
    private static readonly string List = Script(typeof(NodeList).Assembly, "node-list.lua");

    private readonly RedisChannel _channel = new(prefix + "nodes", RedisChannel.PatternMode.Literal);

    /// <summary>The sorted set of node ids, each scored by the end of its lease in ms of Redis's clock; and the hash from each
    /// id to what the node says of itself, as JSON.</summary>
    public RedisKey[] Keys { get; } = [Name(prefix, "leases"), Name(prefix, "info")];

    /// <summary>Announces a node that joined, changed its state, left or was swept; the payload is its id.</summary>
    public string Channel => _channel.ToString();

    /// <summary>A key beside the registry's, in the same slot.</summary>
    public RedisKey Key(string name) => Name(prefix, name);

    /// <summary>The nodes whose lease is valid by Redis's clock.</summary>
    public async Task<T[]> ReadAsync<T>(JsonTypeInfo<T> type)
        where T : class => Parse(await RunAsync(List, Keys), type);

    /// <summary>Calls <paramref name="announced"/> with the id of each node that joins, changes state or goes. The
    /// client library keeps the subscription over reconnects; announcements made meanwhile are lost.</summary>
    public Task ListenAsync(Action<string> announced) => redis.GetSubscriber()
        .SubscribeAsync(_channel, (_, id) => announced((string?)id ?? ""))
        .WaitAsync(CallTimeout, time);

    // EVAL with the text, not EVALSHA: at one call per heartbeat or reading the bytes do not matter, and no restart of
    // Redis can make it fail for a missing script.
    public Task<RedisResult> RunAsync(string script, RedisKey[] keys, params RedisValue[] values) => redis.GetDatabase()
        .ScriptEvaluateAsync(script, keys, values, CommandFlags.NoScriptCache)
        .WaitAsync(CallTimeout, time);

    /// <summary>Entries as a script returns them. One that this version cannot read is no node to it, and no reason to lose
    /// the others.</summary>
    public static T[] Parse<T>(RedisResult entries, JsonTypeInfo<T> type)
        where T : class => [.. ((string?[]?)entries ?? []).Select(json => Parse(json, type)).OfType<T>()];

    /// <summary>The text of a script that is embedded in an assembly.</summary>
    public static string Script(Assembly assembly, string name)
    {
        using var stream = assembly.GetManifestResourceStream(name) ?? throw new InvalidOperationException($"The script {name} is not embedded.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

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

    // One hash tag, so that a script touches one slot.
    private static RedisKey Name(string prefix, string name) => $"{prefix}{{nodes}}:{name}";
}

public static class NodeListBuilder
{
    /// <summary>Names the registry by the settings; an invalid prefix stops the start.</summary>
    public static IHostApplicationBuilder AddNodeList(this IHostApplicationBuilder builder)
    {
        var prefix = RedisPrefix.Read(builder.Configuration);
        builder.Services.AddSingleton(provider => new NodeList(
            provider.GetRequiredService<IConnectionMultiplexer>(), prefix, provider.GetRequiredService<TimeProvider>()));
        return builder;
    }
}
