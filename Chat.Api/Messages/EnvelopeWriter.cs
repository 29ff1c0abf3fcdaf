using System.Buffers;
using System.Buffers.Text;
using System.Text;

namespace Chat.Api.Messages;

/// <summary>Writes envelopes (<see cref="Envelope"/>).</summary>
internal static class EnvelopeWriter
{
    /// <summary>Everything after Offset and Epoch, which the publish script puts in front: <c>"At":…,"Msg":"…"}</c>.</summary>
    public static void WriteTail(IBufferWriter<byte> output, in Publication publication, ReadOnlySpan<byte> id, ReadOnlySpan<byte> node, long now, string? trace)
    {
        output.Write("\"At\":"u8);
        WriteNumber(output, now);
        output.Write(",\"Id\":\""u8);
        output.Write(id);
        if (publication.Via != 0)
        {
            output.Write("\",\"Via\":\""u8);
            output.Write(node);
            output.Write("-"u8);
            WriteNumber(output, publication.Via);
        }

        if (publication.IsRemoval || publication.IsDeletion || !publication.Signal.IsEmpty)
        {
            output.Write("\",\"Kind\":\""u8);
            output.Write(publication.IsRemoval ? Envelope.Left : publication.IsDeletion ? Envelope.Deleted : publication.Signal);
        }

        if (trace is not null)
        {
            output.Write("\",\"Trace\":\""u8);
            Encoding.ASCII.GetBytes(trace, output);
        }

        output.Write("\",\"FromId\":\""u8);
        output.Write(publication.From);
        var colon = publication.Topic.IndexOf((byte)':');
        if (colon >= 0)
        {
            output.Write("\",\"ToId\":\""u8);
            JsonText.Escape(publication.Topic[(colon + 1)..], output); // after the first colon: an id may have some, too
        }

        output.Write("\",\"Msg\":\""u8);
        output.Write(publication.Msg);
        output.Write("\"}"u8);
    }

    private static void WriteNumber(IBufferWriter<byte> output, long number)
    {
        Utf8Formatter.TryFormat(number, output.GetSpan(20), out var digits);
        output.Advance(digits);
    }
}
