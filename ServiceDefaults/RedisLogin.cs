using StackExchange.Redis;

namespace ServiceDefaults;

/// <summary>How to log in to Redis at this moment: what StackExchange.Redis would use, for connections that are not its own.</summary>
/// <remarks>Where access tokens that expire replace the password, <see cref="ConfigurationOptions.Defaults"/> is a provider of the current token (for
/// example that of the package Microsoft.Azure.StackExchangeRedis), so the login changes with time.</remarks>
public sealed class RedisLogin(ConfigurationOptions options)
{
    /// <summary>A null user is the default user. Without a password, there is no login.</summary>
    public (string? User, string? Password) Current => (options.User, options.Password);
}
