using System.Buffers;
using System.Buffers.Text;
using Chat.Api.Messages;

namespace Chat.Api.Presence;

/// <summary>Presence news as the properties of a JSON object, which raw clients and hub clients share.</summary>
/// <remarks><c>,"version":7,"count":2,"members":[{"user":"anna","connections":2},{"user":"ben","connections":1}]</c>, or
/// <c>,"version":8,"count":2,"joined":["carl"],"left":["ben"]</c>, or the version and the count alone.</remarks>
internal static class PresenceJson
{
    /// <param name="writer">Takes the JSON.</param>
    /// <param name="news">The news.</param>
    /// <param name="user">The name of the property that is a member's id.</param>
    public static void Write(IBufferWriter<byte> writer, PresenceNews news, ReadOnlySpan<byte> user)
    {
        writer.Write(",\"version\":"u8);
        Write(writer, news.Version);
        writer.Write(",\"count\":"u8);
        Write(writer, news.Count);
        if (news.Members is { } members)
        {
            writer.Write(",\"members\":["u8);
            for (var i = 0; i < members.Count; i++)
            {
                writer.Write(i == 0 ? "{\""u8 : ",{\""u8);
                writer.Write(user);
                writer.Write("\":\""u8);
                writer.Write(JsonText.Escape(members[i].Id));
                writer.Write("\",\"connections\":"u8);
                Write(writer, members[i].Connections);
                writer.Write("}"u8);
            }

            writer.Write("]"u8);
        }
        else if (!news.IsCountOnly)
        {
            Write(writer, ",\"joined\":["u8, news.Joined);
            Write(writer, ",\"left\":["u8, news.Left);
        }
    }

    private static void Write(IBufferWriter<byte> writer, ReadOnlySpan<byte> name, IReadOnlyList<string> users)
    {
        writer.Write(name);
        for (var i = 0; i < users.Count; i++)
        {
            writer.Write(i == 0 ? "\""u8 : ",\""u8);
            writer.Write(JsonText.Escape(users[i]));
            writer.Write("\""u8);
        }

        writer.Write("]"u8);
    }

    private static void Write(IBufferWriter<byte> writer, long number)
    {
        Utf8Formatter.TryFormat(number, writer.GetSpan(20), out var digits);
        writer.Advance(digits);
    }
}
