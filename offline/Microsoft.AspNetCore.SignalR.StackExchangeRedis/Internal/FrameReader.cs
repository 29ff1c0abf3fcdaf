using System.Text;
using System.Text.Unicode;

namespace Microsoft.AspNetCore.SignalR.StackExchangeRedis.Internal;

/// <summary>The second byte of a frame: what it is.</summary>
/// <remarks>
/// A frame is <see cref="FrameReader.Mark"/>, its kind and its fields in the order of the records in Frame.cs. Numbers
/// have seven bits to a byte; texts (UTF-8), bytes and lists have their length before them. The mark changes with the
/// format: nodes of one hub are of one build, and what another wrote is left alone.
/// </remarks>
internal enum FrameKind : byte
{
    Signal = 1,
    Join = 2,
    Leave = 3,
    Invoke = 4,
    Check = 5,
    Forget = 6,
    Done = 7,
    NotDone = 8,
    Result = 9,

    /// <summary>For whoever sent it, to hear itself; nobody else reads it.</summary>
    Probe = 10,
}

/// <summary>Reads frames. Anybody may publish anything: what is no frame, to the last byte, is null and harms nobody.</summary>
internal ref struct FrameReader
{
    /// <summary>How every frame starts.</summary>
    public const byte Mark = 0xC1;

    private ReadOnlyMemory<byte> _rest;
    private bool _isBad;

    private FrameReader(ReadOnlyMemory<byte> frame) => _rest = frame;

    public static Frame? Read(byte[]? frame)
    {
        if (frame is not { Length: > 2 } || frame[0] != Mark)
        {
            return null;
        }

        var reader = new FrameReader(frame.AsMemory(2));
        var result = reader.ReadFields((FrameKind)frame[1]);
        return reader._isBad || !reader._rest.IsEmpty ? null : result;
    }

    private Frame? ReadFields(FrameKind kind)
    {
        switch (kind)
        {
            case FrameKind.Signal:
                var excluded = Texts();
                return ReadCall() is { } call ? new SignalFrame(call, excluded) : null;
            case FrameKind.Join or FrameKind.Leave:
                return new GroupFrame(Number(), Text(), kind == FrameKind.Join, Text());
            case FrameKind.Invoke:
                var (question, replyTo, invocationId) = (Number(), Text(), Text());
                return ReadCall() is { } invoked ? new InvokeFrame(question, replyTo, invocationId, invoked) : null;
            case FrameKind.Check:
                return new CheckFrame(Number(), Text(), Text());
            case FrameKind.Forget:
                return new ForgetFrame(Text());
            case FrameKind.Done or FrameKind.NotDone:
                return new AnswerFrame(Number(), kind == FrameKind.Done);
            case FrameKind.Result:
                return new ResultFrame(Text(), Text(), Bytes());
            default:
                return null;
        }
    }

    private string[] Texts()
    {
        var texts = new string[Count()];
        for (var i = 0; i < texts.Length; i++)
        {
            texts[i] = Text();
        }

        return texts;
    }

    private Call? ReadCall()
    {
        var messages = new SerializedMessage[Count()];
        for (var i = 0; i < messages.Length; i++)
        {
            messages[i] = new SerializedMessage(Text(), Bytes());
        }

        return messages.Length == 0 ? null : new Call(messages);
    }

    // Whatever is counted takes a byte at least, so that a number from nowhere reserves no memory to speak of.
    private int Count()
    {
        var count = Number();
        if (count > _rest.Length)
        {
            return Bad();
        }

        return (int)count;
    }

    private string Text()
    {
        var bytes = Bytes().Span;
        if (!Utf8.IsValid(bytes))
        {
            Bad();
            return "";
        }

        return Encoding.UTF8.GetString(bytes);
    }

    private ReadOnlyMemory<byte> Bytes()
    {
        var length = Count();
        var bytes = _rest[..length];
        _rest = _rest[length..];
        return bytes;
    }

    private long Number()
    {
        long number = 0;
        for (var shift = 0; shift < 63 && !_rest.IsEmpty; shift += 7)
        {
            var next = _rest.Span[0];
            _rest = _rest[1..];
            number |= (long)(next & 0x7F) << shift;
            if (next <= 0x7F)
            {
                return number;
            }
        }

        return Bad();
    }

    private int Bad()
    {
        _isBad = true;
        _rest = default;
        return 0;
    }
}
