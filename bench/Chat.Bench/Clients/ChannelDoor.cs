using System.Globalization;
using System.Text;

namespace Chat.Bench.Clients;

/// <summary>The raw endpoint on which one connection is in many groups: <c>/chat/channel</c>, in JSON.</summary>
internal sealed class ChannelDoor(int topics) : Door
{
    public override string Name => "channel";

    public override string Path(Guest guest) => $"/chat/channel/{guest.Name}?format=json";

    public override IReadOnlyList<Step> Steps(Guest guest) => [.. Groups(guest).Select(group => new Step(
        Encoding.UTF8.GetBytes($$"""{"Method":"UserGroup","Group":"{{group}}"}"""), Encoding.UTF8.GetBytes($"\"subscribed\",\"topic\":\"group:{group}\"")))];

    public override IReadOnlyList<(byte[] Before, byte[] Behind)> Messages(Guest guest) =>
        [.. Groups(guest).Select(group => Split($$"""{"Method":"Group","Group":"{{group}}","MsgBody":"|"}""", '|'))];

    private IEnumerable<string> Groups(Guest guest) =>
        Enumerable.Range(0, topics).Select(topic => string.Create(CultureInfo.InvariantCulture, $"{guest.Group}-{topic}"));
}
