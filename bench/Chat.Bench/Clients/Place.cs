using System.Net;

namespace Chat.Bench.Clients;

/// <summary>Where a connection comes in.</summary>
/// <param name="Address">Of a node or an edge.</param>
/// <param name="Host">As in the request.</param>
/// <param name="Door">What it asks for there.</param>
/// <param name="Tokens">By user.</param>
internal sealed record Place(IPEndPoint Address, string Host, Door Door, IReadOnlyDictionary<string, string> Tokens)
{
    // A system has some 28,000 ports for outgoing connections, for each of its addresses. This machine has a whole network of its own.
    public const int PerAddress = 20_000;

    /// <summary>Which address it comes from; null: the system's choice.</summary>
    public IPAddress? From { get; init; }

    /// <summary>The one of so many connections to the same address.</summary>
    public Place For(int connection) =>
        connection < PerAddress || !IPAddress.IsLoopback(Address.Address) || !OperatingSystem.IsLinux() ? this
        : this with { From = new IPAddress([127, 0, (byte)(connection / PerAddress / 250), (byte)(1 + (connection / PerAddress % 250))]) };

    public string Request(Guest guest) =>
        $"GET {Door.Path(guest)} HTTP/1.1\r\nHost: {Host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        + "Sec-WebSocket-Key: Y2hhdCBiZW5jaG1hcmshIQ==\r\n"
        + (Tokens.TryGetValue(guest.Name, out var token) ? $"Authorization: Bearer {token}\r\n" : "") + "\r\n";
}
