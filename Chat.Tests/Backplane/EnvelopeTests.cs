using System.Buffers;
using System.Text;
using Chat.Api.Messages;
using Chat.Tests.Support;
using Xunit;

namespace Chat.Tests.Backplane;

public sealed class EnvelopeTests
{
    [Fact]
    public void Envelope_OfOurOwn_IsReadAsItWasWritten()
    {
        var output = new ArrayBufferWriter<byte>();
        output.Write("{\"Offset\":7,\"Epoch\":\"k2v9\","u8);
        EnvelopeWriter.WriteTail(output, new Publication
        {
            Kind = TopicKind.Group,
            Topic = "group:42"u8,
            From = "anna"u8,
            Msg = "a\\n\\\"b"u8,
            Via = 12,
            Signal = "typing"u8,
        }, "m1"u8, "n4x"u8, 1_763_771_234_567, "00-abc-01");

        Assert.True(Envelope.TryParse(output.WrittenSpan, out var envelope));
        Assert.Equal((7, 1_763_771_234_567), (envelope.Offset, envelope.At));
        Assert.Equal(("k2v9", "m1", "n4x-12"), (Text(envelope.Epoch), Text(envelope.Id), Text(envelope.Via)));
        Assert.Equal(("typing", "00-abc-01", "anna"), (Text(envelope.Kind), Text(envelope.Trace), Text(envelope.From)));
        Assert.Equal(("a\\n\\\"b", true), (Text(envelope.Msg), envelope.MsgIsEscaped));
        Assert.Contains("\"ToId\":\"42\"", Text(output.WrittenSpan), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"FromId":"1","ToId":"2","Msg":"hi"}""")]
    [InlineData("""{"fromId":"1","msg":"hi"}""")]
    [InlineData("""{"Msg":"hi","Extra":{"Msg":"no","a":[1,{}]},"FromId":"1"}""")]
    [InlineData("""{"FromId":"1","Msg":"hi","Offset":"x","Epoch":null,"At":1.5,"Id":[1]}""")]
    [InlineData("""{"FromId":1,"ToId":2,"Msg":"hi"}""")]
    public void Envelope_OfASeedNode_HasWhoAndWhat(string json)
    {
        Assert.True(Envelope.TryParse(Encoding.UTF8.GetBytes(json), out var envelope));
        Assert.Equal(("1", "hi", 0, 0), (Text(envelope.From), Text(envelope.Msg), envelope.Offset, envelope.At));
        Assert.True(envelope.Epoch.IsEmpty && envelope.Id.IsEmpty);
    }

    [Theory]
    [InlineData("""{"FromId":1,"ToId":2,"Msg":3.50}""", "3.50")]
    [InlineData("""{"FromId":1,"Msg":true}""", "true")]
    [InlineData("""{"FromId":1,"ToId":false,"Msg":null}""", "")]
    [InlineData("""{"FromId":1,"ToId":null}""", "")]
    public void Envelope_WithOtherValuesThanTexts_HasTheTextsOfThem(string json, string msg)
    {
        Assert.True(Envelope.TryParse(Encoding.UTF8.GetBytes(json), out var envelope));
        Assert.Equal(("1", msg, false), (Text(envelope.From), Text(envelope.Msg), envelope.MsgIsEscaped));
    }

    [Theory]
    [InlineData("")]
    [InlineData("hi")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"Msg":"hi"}""")]
    [InlineData("""{"FromId":null,"Msg":"hi"}""")]
    [InlineData("""{"FromId":"","Msg":"hi"}""")]
    [InlineData("""{"FromId":"1","Msg":["hi"]}""")]
    [InlineData("""{"FromId":"1","Msg":{}}""")]
    [InlineData("""{"FromId":{},"Msg":"hi"}""")]
    [InlineData("""{"FromId":"1","Msg":"hi" """)]
    [InlineData("""{"FromId":"1","Msg":"hi","x":[[[[[[[[[]]]]]]]]]}""")]
    public void What_IsNoEnvelope_IsRefused(string json) => Assert.False(Envelope.TryParse(Encoding.UTF8.GetBytes(json), out _));

    // A client ends a connection on which it receives text that is not UTF-8.
    [Fact]
    public void Envelope_ThatIsNotUtf8_IsRefused() =>
        Assert.False(Envelope.TryParse([.. """{"FromId":"1","Msg":"h"""u8, 0xC3, .. "\"}"u8], out _));

    [Fact]
    public void Garbage_IsReadOrRefused_AndNothingElse()
    {
        var whole = """{"Offset":7,"Epoch":"k2","At":17,"Id":"m","Via":"n-1","FromId":"1","ToId":"42","Msg":"h\u00e9i"}"""u8.ToArray();
        Fuzz.Run(20_000, random => _ = Envelope.TryParse(random.Next(4) == 0 ? random.Bytes(60) : random.Mutate(whole), out _));
    }

    private static string Text(ReadOnlySpan<byte> utf8) => Encoding.UTF8.GetString(utf8);
}
