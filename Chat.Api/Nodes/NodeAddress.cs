using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;

namespace Chat.Api.Nodes;

/// <summary>The address under which others reach this node.</summary>
internal static class NodeAddress
{
    /// <summary>
    /// From what the server bound, such as <c>http://localhost:5000</c> or <c>http://[::]:8080</c>. Plain http is
    /// preferred: the edge is next door and there is no certificate to trust. A bound "any address" becomes that of
    /// this machine. Null when nothing bound can be reached over TCP.
    /// </summary>
    public static string? From(IEnumerable<string> bound, Func<string> machine)
    {
        var best = bound
            .Select(BindingAddress.Parse)
            .Where(address => !address.IsUnixPipe && !address.IsNamedPipe)
            .OrderBy(address => address.Scheme == Uri.UriSchemeHttp ? 0 : 1)
            .FirstOrDefault();
        return best is null ? null : $"{best.Scheme}://{(IsAny(best.Host) ? machine() : best.Host)}:{best.Port}";
    }

    /// <summary>The first IPv4 address of a network that is up; localhost on a machine that has none.</summary>
    public static string OfThisMachine()
    {
        var address = NetworkInterface.GetAllNetworkInterfaces()
            .Where(network => network.OperationalStatus == OperationalStatus.Up
                && network.NetworkInterfaceType != NetworkInterfaceType.Loopback)
            // One with a gateway leads somewhere; bridges of container engines have none.
            .OrderByDescending(network => network.GetIPProperties().GatewayAddresses.Count)
            .SelectMany(network => network.GetIPProperties().UnicastAddresses)
            .Select(unicast => unicast.Address)
            .FirstOrDefault(candidate => candidate.AddressFamily == AddressFamily.InterNetwork
                && !IPAddress.IsLoopback(candidate));
        return address?.ToString() ?? "localhost";
    }

    private static bool IsAny(string host) =>
        host is "*" or "+" || (IPAddress.TryParse(host, out var ip) && (ip.Equals(IPAddress.Any) || ip.Equals(IPAddress.IPv6Any)));
}
