using System.Text;

namespace Chat.Bench.Clients;

/// <summary>The raw endpoints: groups on <c>/chat/group</c>, one to one on <c>/chat/user</c>.</summary>
/// <param name="isJson">Whether the frames are JSON; otherwise they are text.</param>
/// <param name="positions">By group, the position to resume from; JSON only. Null: clients receive new messages only.</param>
/// <param name="last">Text in the last of the missed messages.</param>
internal sealed class RawDoor(bool isJson, IReadOnlyDictionary<string, string>? positions = null, string? last = null) : Door
{
    private static readonly Step Subscribed = new(null, "\"subscribed\""u8.ToArray());

    public override string Name => isJson ? "json" : "text";

    public override string Path(Guest guest) =>
        (guest.Group is { } group ? $"/chat/group/{group}/{guest.Name}" : $"/chat/user/{guest.Name}") + (isJson ? "?format=json" : "") + (positions is not null ? $"&since={positions[guest.Group!]}" : "");

    // With text frames the answer to the request is enough: messages published after it are received.
    public override IReadOnlyList<Step> Steps(Guest guest) => last is not null ? [Subscribed, new Step(null, Encoding.UTF8.GetBytes($"\"{last}\""))] : isJson ? [Subscribed] : [];

    public override IReadOnlyList<(byte[] Before, byte[] Behind)> Messages(Guest guest) => One(
        guest.Group is null ? Split($$"""{"Id":"{{guest.Peer}}","Msg":"|"}""", '|')
        : isJson ? Split("""{"Msg":"|"}""", '|')
        : ([], []));
}
