namespace Chat.Api.Nodes;

/// <summary>Where others reach this node.</summary>
/// <param name="Url">Such as <c>http://10.0.0.3:8080</c> or <c>http://[fd00::3]:8080</c>.</param>
/// <param name="Origin">How it was found out, in words for the log.</param>
internal sealed record NodeAddress(string Url, string Origin)
{
    /// <summary>Of what the server bound, such as <c>http://localhost:5000</c> or <c>http://[::]:8080</c>, what others are to use. Plain http is
    /// preferred: the edge is next door and there is no certificate to trust. Null when nothing bound can be reached over TCP.</summary>
    public static BindingAddress? Best(IEnumerable<string> bound) => bound
        .Select(BindingAddress.Parse)
        .Where(address => !address.IsUnixPipe && !address.IsNamedPipe)
        .OrderBy(address => address.Scheme == Uri.UriSchemeHttp ? 0 : 1)
        .FirstOrDefault();

    /// <summary>A bound "any address" becomes one of this machine.</summary>
    /// <param name="bound">From <see cref="Best"/>.</param>
    /// <param name="machine">This machine's address; true: one of IPv4, since the server takes no other.</param>
    public static async Task<NodeAddress> FromAsync(BindingAddress bound, Func<bool, Task<MachineAddress>> machine)
    {
        var (host, origin) = bound.Host is "*" or "+" or "[::]" or "0.0.0.0"
            ? await machine(bound.Host == "0.0.0.0")
            : new MachineAddress(bound.Host, "where it listens");
        return new NodeAddress($"{bound.Scheme}://{host}:{bound.Port}", origin);
    }
}
