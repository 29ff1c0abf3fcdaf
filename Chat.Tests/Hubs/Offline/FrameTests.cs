using Chat.Tests.Support;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.StackExchangeRedis.Internal;
using Xunit;

namespace Chat.Tests.Hubs.Offline;

public sealed class FrameTests
{
    private static readonly SerializedMessage[] Messages = [new("json", new byte[] { 1, 2, 3 }), new("other", new byte[300])];

    [Fact]
    public void Signal_IsReadAsWritten()
    {
        var frame = Assert.IsType<SignalFrame>(FrameReader.Read(FrameWriter.Signal(Messages, ["a", "žluťoučký 🐎"])));

        Assert.Equal(["a", "žluťoučký 🐎"], frame.Excluded);
        Assert.Equal(["json", "other"], frame.Call.Messages.Select(message => message.ProtocolName));
        Assert.Equal(Messages[0].Serialized.ToArray(), frame.Call.Messages[0].Serialized.ToArray());
        Assert.Equal(300, frame.Call.Bytes);
        Assert.True(frame.Call.IsIn("other"));
        Assert.False(frame.Call.IsIn("third"));
    }

    [Fact]
    public void Questions_AreReadAsWritten()
    {
        Assert.Equal(new GroupFrame(long.MaxValue >> 1, "node", true, "g"), FrameReader.Read(FrameWriter.Group(long.MaxValue >> 1, "node", joins: true, "g")));
        Assert.Equal(new GroupFrame(0, "node", false, ""), FrameReader.Read(FrameWriter.Group(0, "node", joins: false, "")));
        Assert.Equal(new CheckFrame(128, "node", "s1"), FrameReader.Read(FrameWriter.Check(128, "node", "s1")));
        var invoke = Assert.IsType<InvokeFrame>(FrameReader.Read(FrameWriter.Invoke(7, "node", "s1", Messages)));
        Assert.Equal((7, "node", "s1", 2), (invoke.Question, invoke.ReplyTo, invoke.InvocationId, invoke.Call.Messages.Count));
    }

    [Fact]
    public void Replies_AreReadAsWritten()
    {
        Assert.Equal(new AnswerFrame(127, true), FrameReader.Read(FrameWriter.Answer(127, isDone: true)));
        Assert.Equal(new AnswerFrame(16384, false), FrameReader.Read(FrameWriter.Answer(16384, isDone: false)));
        Assert.Equal(new ForgetFrame("s1"), FrameReader.Read(FrameWriter.Forget("s1")));
        var result = Assert.IsType<ResultFrame>(FrameReader.Read(FrameWriter.Result("s1", "json", [1, 2])));
        Assert.Equal(("s1", "json", 2), (result.InvocationId, result.Protocol, result.Completion.Length));
    }

    [Fact]
    public void Frame_WithoutItsEnd_OrWithMore_IsNone()
    {
        byte[][] frames =
        [
            FrameWriter.Signal(Messages, ["a", "b"]), FrameWriter.Group(300, "node", joins: true, "g"), FrameWriter.Invoke(1, "node", "s1", Messages),
            FrameWriter.Check(1, "node", "s1"), FrameWriter.Forget("s1"), FrameWriter.Answer(300, isDone: true), FrameWriter.Result("s1", "json", [1]),
        ];
        Assert.All(frames, frame =>
        {
            for (var length = 0; length < frame.Length; length++)
            {
                Assert.Null(FrameReader.Read(frame[..length]));
            }

            Assert.Null(FrameReader.Read([.. frame, 0]));
        });
    }

    [Fact]
    public void Rubbish_IsNoFrameOrAWholeOne_AndNeverThrows()
    {
        Assert.Null(FrameReader.Read(null));
        Assert.Null(FrameReader.Read([]));
        Assert.Null(FrameReader.Read("{\"type\":1}"u8.ToArray()));
        Assert.Null(FrameReader.Read([FrameReader.Mark, (byte)FrameKind.Signal, 0, 0])); // a call in no protocol
        Assert.Null(FrameReader.Read([FrameReader.Mark, (byte)FrameKind.Signal, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]));
        Assert.Null(FrameReader.Read([FrameReader.Mark, (byte)FrameKind.Forget, 2, 0xC3, 0x28])); // no UTF-8
        Fuzz.Run(20_000, random => FrameReader.Read([FrameReader.Mark, (byte)random.Next(12), .. random.Bytes(64)]));
    }

    [Fact]
    public void Frame_WithABitTurned_NeverThrows() => Fuzz.Run(5_000, random =>
    {
        var frame = FrameWriter.Invoke(random.Next(), "node", "s1", Messages);
        frame[random.Next(frame.Length)] ^= (byte)(1 << random.Next(8));
        FrameReader.Read(frame);
    });
}
