using StackExchange.Redis;

namespace Microsoft.AspNetCore.SignalR.StackExchangeRedis;

/// <summary>Which Redis the nodes of a hub share.</summary>
public class RedisOptions
{
    /// <summary>How to connect where there is no <see cref="ConnectionFactory"/>.</summary>
    /// <value>Default: the Redis of this machine, which may be away at the start.</value>
    public ConfigurationOptions Configuration { get; set; } = new() { AbortOnConnectFail = false };

    /// <summary>Gives the connection to use, a shared one for instance. It is asked when the first client connects or the
    /// first signal is sent, and again after a failure.</summary>
    /// <value>Default: null, a connection of one's own.</value>
    public Func<TextWriter, Task<IConnectionMultiplexer>>? ConnectionFactory { get; set; }
}
