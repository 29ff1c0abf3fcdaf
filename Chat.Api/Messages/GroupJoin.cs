using System.Globalization;
using System.Text;

namespace Chat.Api.Messages;

/// <summary>A user has joined a group on one connection, and so with all of them.</summary>
/// <param name="UserId">The user.</param>
/// <param name="Group">The group's id.</param>
/// <param name="Generation">Which joining it is (<c>Memberships/IMemberships.cs</c>).</param>
/// <param name="Epoch">With <paramref name="Offset"/>, the place in the group's log from which on the user is in the group.</param>
/// <param name="Offset">As above.</param>
internal sealed record GroupJoin(string UserId, string Group, long Generation, string Epoch, long Offset)
{
    /// <summary>Five lines: no id contains a line end.</summary>
    public byte[] ToUtf8() =>
        Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{Generation}\n{Epoch}\n{Offset}\n{UserId}\n{Group}"));

    /// <summary>Null if this is not one; anyone with access to Redis can publish anything.</summary>
    public static GroupJoin? Parse(ReadOnlySpan<byte> utf8) =>
        Encoding.UTF8.GetString(utf8).Split('\n') is [var generation, var epoch, var offset, { Length: > 0 } userId, { Length: > 0 } group]
            && long.TryParse(generation, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && long.TryParse(offset, NumberStyles.None, CultureInfo.InvariantCulture, out var place)
            ? new GroupJoin(userId, group, number, epoch, place)
            : null;
}
