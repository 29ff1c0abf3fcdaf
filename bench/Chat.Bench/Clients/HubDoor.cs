using System.Text;

namespace Chat.Bench.Clients;

/// <summary>The SignalR hub in JSON, over a WebSocket that was not negotiated: groups by <c>post</c>, one to one by <c>send</c>.</summary>
internal sealed class HubDoor : Door
{
    private const char End = '\u001e';

    private static readonly Step Handshake = new(Record("""{"protocol":"json","version":1}"""), Record("{}"));
    private static readonly byte[] Joined = "\"result\""u8.ToArray();
    private static readonly byte[] Ping = Record("""{"type":6}""");

    public override string Name => "hub";

    public override bool NeedsToken => true;

    public override bool HearsItself => true;

    public override byte[] SignOfLife => Ping;

    public override string Path(Guest guest) => "/signalr/chat";

    public override IReadOnlyList<Step> Steps(Guest guest) => guest.Group is not { } group ? [Handshake]
        : [Handshake, new(Record($$"""{"type":1,"invocationId":"j","target":"join","arguments":[{"group":"{{group}}"}]}"""), Joined)];

    public override IReadOnlyList<(byte[] Before, byte[] Behind)> Messages(Guest guest) => One(Split(
        (guest.Group is { } group
            ? $$"""{"type":1,"target":"post","arguments":[{"message":"|","group":"{{group}}"}]}"""
            : $$"""{"type":1,"target":"send","arguments":[{"message":"|","to":"{{guest.Peer}}"}]}""") + End,
        '|'));

    private static byte[] Record(string json) => Encoding.UTF8.GetBytes(json + End);
}
