using System.Text;
using System.Text.Json;
using Chat.Api.Messages;

namespace Chat.Micro;

/// <summary>One message of a hundred letters in each of its forms on its way. The record itself is the form that one would write without further thought.</summary>
internal sealed record Sample(long Offset, string Epoch, long At, string Id, string Via, string FromId, string ToId, string Msg)
{
    public const string Group = "42";
    public const int FirstOffset = 1_000_000_000; // its successors have the same number of digits

    public static Sample Message { get; } = new(FirstOffset, "k2v9qhx0ab", 1_763_771_234_567, "n4x7q0ab.12", "n4x7q0ab-12", "anna", Group, new string('x', 100));

    /// <summary>An envelope as it arrives from Redis.</summary>
    public static byte[] Envelope() => JsonSerializer.SerializeToUtf8Bytes(Message);

    public static Topic Topic { get; } = Topic.Group(Group);

    public static byte[] Text { get; } = Encoding.UTF8.GetBytes(Message.Msg);
}
