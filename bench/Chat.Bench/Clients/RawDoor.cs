namespace Chat.Bench.Clients;

/// <summary>The raw endpoints: groups on <c>/chat/group</c>, one to one on <c>/chat/user</c>.</summary>
internal sealed class RawDoor(bool isJson) : Door
{
    private static readonly Step Subscribed = new(null, "\"subscribed\""u8.ToArray());

    public override string Name => isJson ? "json" : "text";

    public override string Path(Guest guest) =>
        (guest.Group is { } group ? $"/chat/group/{group}/{guest.Name}" : $"/chat/user/{guest.Name}") + (isJson ? "?format=json" : "");

    // With text frames the answer to the request says it: what is published from then on is heard.
    public override IReadOnlyList<Step> Steps(Guest guest) => isJson ? [Subscribed] : [];

    public override (byte[] Before, byte[] Behind) Message(Guest guest) =>
        guest.Group is null ? Split($$"""{"Id":"{{guest.Peer}}","Msg":"|"}""", '|')
        : isJson ? Split("""{"Msg":"|"}""", '|')
        : ([], []);
}
