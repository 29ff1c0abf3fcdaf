using StackExchange.Redis;

namespace ServiceDefaults;

internal static class RedisConnectionString
{
    /// <exception cref="SettingException">The connection string cannot be read, or names no server.</exception>
    public static void Check(string text)
    {
        try
        {
            if (ConfigurationOptions.Parse(text).EndPoints.Count > 0)
            {
                return;
            }
        }
        catch (ArgumentException exception)
        {
            // The text itself stays out: it may hold a password.
            throw new SettingException($"ConnectionStrings:redis cannot be read: {exception.Message}");
        }

        throw new SettingException("ConnectionStrings:redis names no server; it looks like localhost:6379 or host:port,password=….");
    }
}
