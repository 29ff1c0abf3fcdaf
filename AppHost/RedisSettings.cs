using System.Globalization;
using Microsoft.Extensions.Configuration;

namespace AppHost;

/// <summary>Which Redis is used, and what it keeps.</summary>
internal sealed class RedisSettings
{
    /// <summary>Key <c>ConnectionStrings:redis</c>: your own Redis, such as <c>localhost:6379</c>.</summary>
    /// <value>Default: none. The AppHost then starts a Redis itself.</value>
    public string? External { get; private init; }

    /// <summary>Key <c>Redis:Server</c>: the kind of Redis that the AppHost starts.</summary>
    /// <value><c>auto</c>: a container if a container engine answers, otherwise garnet. <c>container</c>, <c>garnet</c>: only that. Default auto.</value>
    public string Server { get; private init; } = "auto";

    /// <summary>Key <c>Redis:Port</c>: where Garnet listens on this machine.</summary>
    /// <value>0 to 65535; 0 takes any free port. Default 0.</value>
    public int Port { get; private init; }

    /// <summary>Key <c>Redis:Memory</c>: how much Garnet may keep in memory. When that is full, Garnet drops the oldest data.</summary>
    /// <value>A number followed by m or g, at least 64m. Default 2g.</value>
    public string Memory { get; private init; } = "2g";

    /// <summary>Key <c>Redis:Persist</c>: true keeps the data in Redis over restarts.</summary>
    /// <value>Default false: the data is only in memory.</value>
    public bool Persist { get; private init; }

    /// <summary>Key <c>Redis:DataDir</c>: where Garnet keeps the data.</summary>
    /// <value>Relative to the folder of the AppHost project. Default <c>../artifacts/redis</c>.</value>
    public string DataDir { get; private init; } = "../artifacts/redis";

    public static RedisSettings Read(IConfiguration configuration, List<string> problems)
    {
        var external = configuration.GetConnectionString("redis");
        var server = configuration["Redis:Server"];
        if (!string.IsNullOrWhiteSpace(server) && server is not ("auto" or "container" or "garnet"))
        {
            problems.Add($"Redis:Server={server}: it must be auto, container or garnet.");
        }

        else if (server == "container" && !RedisServer.HasContainers)
        {
            problems.Add("Redis:Server=container needs the package Aspire.Hosting.Redis, which this feed lacks: use garnet, or your own by ConnectionStrings:redis.");
        }

        var memory = configuration["Redis:Memory"];
        if (!string.IsNullOrWhiteSpace(memory) && !IsMemory(memory))
        {
            problems.Add($"Redis:Memory={memory}: it must be a number and m or g, at least 64m, as in 2g.");
        }

        var persist = configuration["Redis:Persist"];
        if (!string.IsNullOrWhiteSpace(persist) && !bool.TryParse(persist, out _))
        {
            problems.Add($"Redis:Persist={persist}: it must be true or false.");
        }

        var settings = new RedisSettings
        {
            External = string.IsNullOrWhiteSpace(external) ? null : external,
            Server = string.IsNullOrWhiteSpace(server) ? "auto" : server,
            Port = ClusterSettings.ReadNumber(configuration, "Redis:Port", 0, 0, 65535, problems),
            Memory = string.IsNullOrWhiteSpace(memory) ? "2g" : memory,
            Persist = bool.TryParse(persist, out var isPersistent) && isPersistent,
            DataDir = configuration["Redis:DataDir"] is { Length: > 0 } chosen ? chosen : "../artifacts/redis",
        };
        if (settings.External is not null && RedisProbe.EndpointOf(settings.External) is null)
        {
            // The value may hold a password.
            problems.Add("ConnectionStrings:redis must name a host and a port, as in localhost:6379.");
        }

        return settings;
    }

    /// <summary>Checks whether the external Redis answers. Returns what is wrong, or null.</summary>
    public async Task<string?> ProbeExternalAsync()
    {
        var (host, port) = RedisProbe.EndpointOf(External!)!.Value;
        return await RedisProbe.AskAsync(host, port, isEncrypted: RedisProbe.IsEncrypted(External!)) is { } failure
            ? $"Redis at {host}:{port} does not answer ({failure}): start it, change ConnectionStrings:redis, or leave that setting out to use the one that comes along."
            : null;
    }

    private static bool IsMemory(string text) =>
        int.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
        && (text[^1] is 'g' && number > 0 || text[^1] is 'm' && number >= 64);
}
