using System.Globalization;
using Microsoft.Extensions.Configuration;

namespace AppHost;

/// <summary>Decides where Aspire's dashboard and the services behind it listen: at the addresses of the launch profile or the environment, otherwise
/// at fixed ones. If another AppHost has taken a port, a free port replaces it.</summary>
internal static class DashboardAddresses
{
    private static readonly (string Key, int Port)[] Defaults =
    [
        ("ASPNETCORE_URLS", 18888),
        ("ASPIRE_DASHBOARD_OTLP_ENDPOINT_URL", 18889),
        ("ASPIRE_RESOURCE_SERVICE_ENDPOINT_URL", 18890),
    ];

    public static void Settle(IConfiguration configuration)
    {
        // Everything here is on this machine, and a developer certificate would be an extra step.
        configuration["ASPIRE_ALLOW_UNSECURED_TRANSPORT"] ??= "true";
        foreach (var (key, port) in Defaults)
        {
            var address = configuration[key] is { Length: > 0 } given ? given : Local(port);
            configuration[key] = Uri.TryCreate(address, UriKind.Absolute, out var url) && url is { IsLoopback: true, Port: > 0 } && !LocalPort.IsFree(url.Port)
                ? Local(LocalPort.FindFree())
                : address;
        }
    }

    private static string Local(int port) => string.Create(CultureInfo.InvariantCulture, $"http://localhost:{port}");
}
