using System.Buffers.Text;

namespace Chat.Api.Messages;

/// <summary>Which message a deletion is about, as the text of its envelope names it: <c>{epoch}:{offset}:{id}</c>. None of the three has a
/// colon or anything to escape.</summary>
internal readonly ref struct DeletedMessage
{
    /// <summary>With <see cref="Offset"/>, its position in the topic's log.</summary>
    public ReadOnlySpan<byte> Epoch { get; private init; }

    public long Offset { get; private init; }

    public ReadOnlySpan<byte> Id { get; private init; }

    /// <summary>Returns false if the envelope names no message: anyone with access to Redis can publish anything.</summary>
    public static bool TryParse(scoped in Envelope deletion, out DeletedMessage message)
    {
        message = default;
        var text = deletion.Msg;
        var colon = text.IndexOf((byte)':');
        if (colon < 1 || !Utf8Parser.TryParse(text[(colon + 1)..], out long offset, out var digits) || text[(colon + 1 + digits)..] is not [(byte)':', .. var id])
        {
            return false;
        }

        message = new DeletedMessage { Epoch = text[..colon], Offset = offset, Id = id };
        return true;
    }
}
