using System.Net;

namespace Chat.Bench.Clients;

/// <summary>The place to which a client connects.</summary>
/// <param name="Address">The address of a node or an edge.</param>
/// <param name="Host">The Host of the request.</param>
/// <param name="Door">The kind of endpoint.</param>
/// <param name="Tokens">Tokens by user.</param>
internal sealed record Place(IPEndPoint Address, string Host, Door Door, IReadOnlyDictionary<string, string> Tokens)
{
    // A system has some 28,000 ports for outgoing connections for each of its addresses. This machine has a whole network of loopback addresses.
    public const int PerAddress = 20_000;

    /// <summary>The local address of the connection. Null leaves the choice to the system.</summary>
    public IPAddress? From { get; init; }

    /// <summary>The place for the connection with this number, among those to the same address.</summary>
    public Place For(int connection) =>
        connection < PerAddress || !IPAddress.IsLoopback(Address.Address) || !OperatingSystem.IsLinux() ? this
        : this with { From = new IPAddress([127, 0, (byte)(connection / PerAddress / 250), (byte)(1 + (connection / PerAddress % 250))]) };

    public string Request(Guest guest) =>
        $"GET {Door.Path(guest)} HTTP/1.1\r\nHost: {Host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        + "Sec-WebSocket-Key: Y2hhdCBiZW5jaG1hcmshIQ==\r\n"
        + (Tokens.TryGetValue(guest.Name, out var token) ? $"Authorization: Bearer {token}\r\n" : "") + "\r\n";
}
