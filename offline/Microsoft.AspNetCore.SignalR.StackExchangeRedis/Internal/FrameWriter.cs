using System.Buffers;
using System.Text;

namespace Microsoft.AspNetCore.SignalR.StackExchangeRedis.Internal;

/// <summary>Writes frames as nodes send them to each other: see <see cref="FrameKind"/>.</summary>
internal readonly struct FrameWriter
{
    private readonly ArrayBufferWriter<byte> _bytes;

    private FrameWriter(FrameKind kind, int capacity)
    {
        _bytes = new ArrayBufferWriter<byte>(capacity);
        _bytes.Write([FrameReader.Mark, (byte)kind]);
    }

    /// <summary>Says nothing to anybody: to hear oneself, or to learn whether somebody listens.</summary>
    public static byte[] Probe(string id)
    {
        var writer = new FrameWriter(FrameKind.Probe, 64);
        writer.Text(id);
        return writer.Done();
    }

    public static byte[] Signal(IReadOnlyList<SerializedMessage> messages, IReadOnlyList<string>? excluded = null)
    {
        var writer = new FrameWriter(FrameKind.Signal, 64 + messages.Sum(message => message.Serialized.Length));
        writer.Number(excluded?.Count ?? 0);
        foreach (var id in excluded ?? [])
        {
            writer.Text(id);
        }

        writer.Messages(messages);
        return writer.Done();
    }

    public static byte[] Group(long question, string replyTo, bool joins, string group)
    {
        var writer = new FrameWriter(joins ? FrameKind.Join : FrameKind.Leave, 128);
        writer.Question(question, replyTo);
        writer.Text(group);
        return writer.Done();
    }

    public static byte[] Invoke(long question, string replyTo, string invocationId, IReadOnlyList<SerializedMessage> messages)
    {
        var writer = new FrameWriter(FrameKind.Invoke, 128 + messages.Sum(message => message.Serialized.Length));
        writer.Question(question, replyTo);
        writer.Text(invocationId);
        writer.Messages(messages);
        return writer.Done();
    }

    public static byte[] Check(long question, string replyTo, string invocationId)
    {
        var writer = new FrameWriter(FrameKind.Check, 128);
        writer.Question(question, replyTo);
        writer.Text(invocationId);
        return writer.Done();
    }

    public static byte[] Forget(string invocationId)
    {
        var writer = new FrameWriter(FrameKind.Forget, 64);
        writer.Text(invocationId);
        return writer.Done();
    }

    public static byte[] Answer(long question, bool isDone)
    {
        var writer = new FrameWriter(isDone ? FrameKind.Done : FrameKind.NotDone, 16);
        writer.Number(question);
        return writer.Done();
    }

    public static byte[] Result(string invocationId, string protocol, ReadOnlySpan<byte> completion)
    {
        var writer = new FrameWriter(FrameKind.Result, 128 + completion.Length);
        writer.Text(invocationId);
        writer.Text(protocol);
        writer.Bytes(completion);
        return writer.Done();
    }

    private void Question(long question, string replyTo)
    {
        Number(question);
        Text(replyTo);
    }

    private void Messages(IReadOnlyList<SerializedMessage> messages)
    {
        Number(messages.Count);
        foreach (var message in messages)
        {
            Text(message.ProtocolName);
            Bytes(message.Serialized.Span);
        }
    }

    private void Text(string text)
    {
        var length = Encoding.UTF8.GetByteCount(text);
        Number(length);
        Encoding.UTF8.GetBytes(text, _bytes.GetSpan(length));
        _bytes.Advance(length);
    }

    private void Bytes(ReadOnlySpan<byte> bytes)
    {
        Number(bytes.Length);
        _bytes.Write(bytes);
    }

    // Seven bits to a byte, the lowest first; the top bit says that more follow.
    private void Number(long number)
    {
        for (; number > 0x7F; number >>= 7)
        {
            _bytes.Write([(byte)(number | 0x80)]);
        }

        _bytes.Write([(byte)number]);
    }

    private byte[] Done() => _bytes.WrittenSpan.ToArray();
}
