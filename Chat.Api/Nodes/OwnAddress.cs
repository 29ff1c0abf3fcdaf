using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Options;
using StackExchange.Redis;
using IServer = Microsoft.AspNetCore.Hosting.Server.IServer;

namespace Chat.Api.Nodes;

/// <summary>Finds the address at which the edge reaches this node. It takes the first that exists of: the setting; the one address that the server
/// listens on; <c>POD_IP</c>, which Kubernetes tells a container; the machine's address on the way to Redis; the address of any network.</summary>
internal sealed class OwnAddress(IServer server, IOptions<NodeOptions> options, IConfiguration configuration, IConnectionMultiplexer redis)
{
    private static readonly TimeSpan LookupTime = TimeSpan.FromSeconds(2);

    /// <summary>Makes sure, once the server listens, that there will be an address.</summary>
    /// <exception cref="InvalidOperationException">There will be no address.</exception>
    public void Demand()
    {
        if (options.Value.Address is null && Bound is null)
        {
            throw new InvalidOperationException($"No TCP address is bound that the edge could reach; set {NodeOptions.Section}:Address.");
        }
    }

    /// <summary>Finds the address. To be called once Redis has answered, so that there is a route to it.</summary>
    public async Task<NodeAddress> FindAsync() => options.Value.Address is { } address
        ? new NodeAddress(address, $"as {NodeOptions.Section}:Address says")
        : await NodeAddress.FromAsync(Bound!, OfThisMachineAsync);

    private BindingAddress? Bound => NodeAddress.Best(server.Features.Get<IServerAddressesFeature>()?.Addresses ?? []);

    private async Task<MachineAddress> OfThisMachineAsync(bool onlyIPv4) => IPAddress.TryParse(configuration["POD_IP"], out var pod)
        ? MachineAddress.Of(pod, "as POD_IP says")
        : await OnTheWayToRedisAsync(onlyIPv4) ?? MachineAddress.OfANetwork(onlyIPv4);

    private async Task<MachineAddress?> OnTheWayToRedisAsync(bool onlyIPv4)
    {
        foreach (var endpoint in redis.GetEndPoints(configuredOnly: true))
        {
            if ((await ResolveAsync(endpoint)).Select(address => MachineAddress.OnTheWayTo(address, onlyIPv4)).OfType<MachineAddress>().FirstOrDefault() is { } own)
            {
                return own;
            }
        }

        return null;
    }

    private static async Task<IPAddress[]> ResolveAsync(EndPoint endpoint)
    {
        try
        {
            return endpoint switch
            {
                IPEndPoint known => [known.Address],
                DnsEndPoint named => await Dns.GetHostAddressesAsync(named.Host).WaitAsync(LookupTime),
                _ => [],
            };
        }
        catch (Exception exception) when (exception is SocketException or TimeoutException)
        {
            return []; // another Redis answered, or this one is reached through a tunnel, which knows the name
        }
    }
}
