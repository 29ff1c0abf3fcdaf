namespace Chat.Api.Nodes;

/// <summary>The address at which others reach this node.</summary>
/// <param name="Url">Such as <c>http://10.0.0.3:8080</c> or <c>http://[fd00::3]:8080</c>.</param>
/// <param name="Origin">How the address was found out, in words for the log.</param>
internal sealed record NodeAddress(string Url, string Origin)
{
    /// <summary>Chooses the address for others to use from those that the server bound, such as <c>http://localhost:5000</c> or
    /// <c>http://[::]:8080</c>. Plain http is preferred: the edge is next door and there is no certificate to trust. Null if no bound address can be
    /// reached over TCP.</summary>
    public static BindingAddress? Best(IEnumerable<string> bound) => bound
        .Select(BindingAddress.Parse)
        .Where(address => !address.IsUnixPipe && !address.IsNamedPipe)
        .OrderBy(address => address.Scheme == Uri.UriSchemeHttp ? 0 : 1)
        .FirstOrDefault();

    /// <summary>Replaces a bound "any address" by one of this machine.</summary>
    /// <param name="bound">From <see cref="Best"/>.</param>
    /// <param name="machine">Finds this machine's address. True asks for an IPv4 address, since the server takes no other.</param>
    public static async Task<NodeAddress> FromAsync(BindingAddress bound, Func<bool, Task<MachineAddress>> machine)
    {
        var (host, origin) = bound.Host is "*" or "+" or "[::]" or "0.0.0.0"
            ? await machine(bound.Host == "0.0.0.0")
            : new MachineAddress(bound.Host, "where it listens");
        return new NodeAddress($"{bound.Scheme}://{host}:{bound.Port}", origin);
    }
}
