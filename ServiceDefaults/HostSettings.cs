using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;

namespace ServiceDefaults;

/// <summary>Checks settings of the framework. The framework itself reports a wrong one with a stack trace that does not name it, and some only when
/// half of the process is running.</summary>
internal static class HostSettings
{
    private const int LastPort = 65535;

    /// <exception cref="AggregateException">Contains a <see cref="SettingException"/> for each wrong setting.</exception>
    public static void Check(IConfiguration configuration)
    {
        string[] errors = [.. AddressErrors(configuration), .. LevelErrors(configuration.GetSection("Logging"))];
        if (errors.Length > 0)
        {
            throw new AggregateException(errors.Select(static error => new SettingException(error)));
        }
    }

    private static IEnumerable<string> AddressErrors(IConfiguration configuration)
    {
        var endpoints = configuration.GetSection("Kestrel:Endpoints").GetChildren().Select(static one => (Setting: $"{one.Path}:Url", Text: one["Url"]));
        foreach (var (setting, text) in endpoints.Prepend((Setting: "ASPNETCORE_URLS", Text: configuration["urls"])))
        {
            foreach (var address in Listed(text).Where(static address => !IsAddress(address)))
            {
                yield return $"{setting} has '{address}', which is no address to listen at. One is http://localhost:8080 or http://*:8080, with a port up to {LastPort}.";
            }
        }

        foreach (var kind in new[] { "HTTP_PORTS", "HTTPS_PORTS" })
        {
            foreach (var port in Listed(configuration[kind]).Where(static port => !ushort.TryParse(port, out _)))
            {
                yield return $"ASPNETCORE_{kind} has '{port}', which is no port. One is 0 to {LastPort}.";
            }
        }
    }

    private static bool IsAddress(string text)
    {
        try
        {
            var address = BindingAddress.Parse(text);
            return address.Scheme.ToUpperInvariant() is "HTTP" or "HTTPS" && address.PathBase.Length == 0
                && (address.IsUnixPipe || address.IsNamedPipe || (address.Port <= LastPort && IsHost(address.Host)));
        }
        catch (Exception exception) when (exception is FormatException or ArgumentException)
        {
            return false;
        }
    }

    // A port that is not a number is read as part of the host, and a host that is not an address stands for all addresses of the machine.
    private static bool IsHost(string host) => !host.Contains(':', StringComparison.Ordinal) || host.EndsWith(']');

    // Logging:LogLevel:… for all providers, Logging:Console:LogLevel:… for one.
    private static IEnumerable<string> LevelErrors(IConfigurationSection logging) => logging.GetChildren()
        .Select(static one => one.Key.Equals("LogLevel", StringComparison.OrdinalIgnoreCase) ? one : one.GetSection("LogLevel"))
        .SelectMany(static levels => levels.AsEnumerable(makePathsRelative: true).Select(level => (Setting: $"{levels.Path}:{level.Key}", level.Value)))
        .Where(static level => !string.IsNullOrEmpty(level.Value) && !Enum.TryParse<LogLevel>(level.Value, ignoreCase: true, out _))
        .Select(static level => $"{level.Setting} is '{level.Value}', which is no log level. One is {string.Join(", ", Enum.GetNames<LogLevel>())}.");

    private static string[] Listed(string? text) => (text ?? "").Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
}
