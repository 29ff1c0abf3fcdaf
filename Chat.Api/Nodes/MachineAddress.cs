using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;

namespace Chat.Api.Nodes;

/// <summary>One of this machine's addresses, for a server that listens on all of them.</summary>
/// <param name="Host">The address as in a URL, with an IPv6 address in brackets.</param>
/// <param name="Origin">Why this address was chosen, in words for the log.</param>
internal sealed record MachineAddress(string Host, string Origin)
{
    /// <summary>The address from which this machine reaches another. A machine may be in several networks, and an edge is in one that leads to Redis.
    /// Null if there is no route, or if others could not use the address.</summary>
    public static MachineAddress? OnTheWayTo(IPAddress other, bool onlyIPv4)
    {
        using var probe = new Socket(other.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        try
        {
            probe.Connect(other, port: 9); // looks the route up, and sends nothing
        }
        catch (SocketException)
        {
            return null;
        }

        var own = ((IPEndPoint)probe.LocalEndPoint!).Address;
        return IsForOthers(own, onlyIPv4) ? Of(own, "its address on the way to Redis") : null;
    }

    /// <summary>The address of a network that is up, preferably an IPv4 address; localhost on a machine without a network.</summary>
    public static MachineAddress OfANetwork(bool onlyIPv4)
    {
        var address = NetworkInterface.GetAllNetworkInterfaces()
            .Where(network => network.OperationalStatus == OperationalStatus.Up
                && network.NetworkInterfaceType != NetworkInterfaceType.Loopback)
            // A network with a gateway leads somewhere; bridges of container engines have none.
            .OrderByDescending(network => network.GetIPProperties().GatewayAddresses.Count)
            .SelectMany(network => network.GetIPProperties().UnicastAddresses)
            .Select(unicast => unicast.Address)
            .Where(candidate => IsForOthers(candidate, onlyIPv4))
            .OrderBy(candidate => candidate.AddressFamily == AddressFamily.InterNetwork ? 0 : 1)
            .FirstOrDefault();
        return address is null ? new MachineAddress("localhost", "since it has no network") : Of(address, "the address of its first network");
    }

    /// <summary>An address that somebody gave.</summary>
    public static MachineAddress Of(IPAddress address, string origin) =>
        new(address.AddressFamily == AddressFamily.InterNetworkV6 ? $"[{address}]" : address.ToString(), origin);

    private static bool IsForOthers(IPAddress address, bool onlyIPv4) =>
        !IPAddress.IsLoopback(address)
        && (address.AddressFamily == AddressFamily.InterNetwork || (!onlyIPv4 && !address.IsIPv6LinkLocal)); // a link-local address needs an interface to go with it
}
