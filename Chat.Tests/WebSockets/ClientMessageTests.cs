using System.Text;
using Chat.Api.RawEndpoints;
using Chat.Tests.Support;
using Xunit;

namespace Chat.Tests.WebSockets;

public sealed class ClientMessageTests
{
    private const int Depth = 8;

    [Theory]
    [InlineData("""{"Id":"2","Msg":"hi"}""")]
    [InlineData("""{"id":"2","MSG":"hi","more":{"Id":"3"}}""")]
    [InlineData("""{"Method":"One","MsgBody":{"Id":"2","Msg":"hi","x":[1]}}""")]
    [InlineData("""{"MsgBody":{"Msg":"hi","Id":"\u0032"},"Method":"One"}""")]
    public void Message_ForAUser_IsReadWhereverItStands(string json)
    {
        Assert.True(TryParse(json, out var message));
        Assert.Equal((true, "2", true, "hi"), (message.HasId, Text(message.Id), message.HasMsg, Text(message.Msg)));
    }

    [Fact]
    public void Message_ForAGroup_IsReadWithItsBodyAsItWasEscaped()
    {
        Assert.True(TryParse("""{"Method":"Group","Group":"4\u0032","MsgBody":"h\u00e9\n","MsgId":"a1"}""", out var message));
        Assert.Equal(("Group", "42", "h\\u00e9\\n", "a1"), (Text(message.Method), Text(message.Group), Text(message.Body), Text(message.MsgId)));
        Assert.Null(message.MsgIdError());
    }

    // The first seed's JSON library converts these values into a string, and the seed's users are called 1, 2, 3.
    [Theory]
    [InlineData("1", "1")]
    [InlineData("-0", "-0")]
    [InlineData("1.50", "1.50")]
    [InlineData("1e3", "1e3")]
    [InlineData("12345678901234567890123", "12345678901234567890123")]
    [InlineData("true", "true")]
    [InlineData("false", "false")]
    public void NumberOrBoolean_WhereATextIsExpected_IsItsText(string json, string text)
    {
        Assert.True(TryParse($$"""{"Id":{{json}},"Msg":{{json}},"Group":{{json}},"Method":{{json}},"MsgId":{{json}}}""", out var message));
        Assert.Equal((text, text, text), (Text(message.Id), Text(message.Msg), Text(message.Group)));
        Assert.Equal((text, text), (Text(message.Method), Text(message.MsgId)));
        Assert.True(message is { HasId: true, HasMsg: true, HasGroup: true, HasMethod: true, HasMsgId: true });
    }

    // Here the first seed has a field of any type, and sends the value as .NET formats it.
    [Theory]
    [InlineData("7", "7")]
    [InlineData("-12345678901234567890123", "-12345678901234567890123")]
    [InlineData("1.50", "1.5")]
    [InlineData("1e3", "1000")]
    [InlineData("1E-7", "1E-07")]
    [InlineData("true", "True")]
    [InlineData("false", "False")]
    public void NumberOrBoolean_AsBody_IsWhatTheSeedMakesOfIt(string json, string text)
    {
        Assert.True(TryParse($$"""{"Method":"All","MsgBody":{{json}}}""", out var message));
        Assert.Equal((true, text), (message.HasBody, Text(message.Body)));
    }

    [Fact]
    public void Null_IsAsGoodAsMissing()
    {
        Assert.True(TryParse("""{"Id":null,"Msg":"hi","MsgId":null,"MsgBody":null}""", out var message));
        Assert.Equal((false, true, false, false), (message.HasId, message.HasMsg, message.HasMsgId, message.HasBody));
        Assert.Null(message.MsgIdError());
    }

    [Theory]
    [InlineData("\"\"")]
    [InlineData("\"a b\"")]
    [InlineData("\"0123456789012345678901234567890123456789012345678901234567890123x\"")]
    public void MessageId_OutsideItsRule_IsAnError(string id)
    {
        Assert.True(TryParse($$"""{"MsgId":{{id}}}""", out var message));
        Assert.Equal(ClientError.InvalidMsgId, message.MsgIdError());
    }

    [Theory]
    [InlineData("")]
    [InlineData("hi")]
    [InlineData("\"hi\"")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("""{"Msg":"hi"}x""")]
    [InlineData("""{"Msg":"hi"}{}""")]
    [InlineData("""{"Msg":"hi" """)]
    [InlineData("""{"Id":["2"]}""")]
    [InlineData("""{"MsgBody":[5]}""")]
    [InlineData("""{"Method":{}}""")]
    [InlineData("""{"MsgBody":{"Msg":{}}}""")]
    [InlineData("""{"Msg":"\ud800"}""")]
    [InlineData("""{"Msg":"\x"}""")]
    [InlineData("""{"Msg":"hi",}""")]
    [InlineData("""{/**/"Msg":"hi"}""")]
    [InlineData("""{"x":[[[[[[[[]]]]]]]]}""")]
    public void What_IsNoSuchObject_IsRefused(string json) => Assert.False(TryParse(json, out _));

    [Fact]
    public void Garbage_IsReadOrRefused_AndNothingElse()
    {
        var whole = """{"Method":"One","MsgBody":{"Id":"2","Msg":"h\u00e9"},"Group":"4","MsgId":"a","x":[{}]}"""u8.ToArray();
        Fuzz.Run(20_000, random => _ = ClientMessage.TryParse(random.Next(4) == 0 ? random.Bytes(60) : random.Mutate(whole), Depth, out _));
    }

    private static bool TryParse(string json, out ClientMessage message) => ClientMessage.TryParse(Encoding.UTF8.GetBytes(json), Depth, out message);

    private static string Text(ReadOnlySpan<byte> utf8) => Encoding.UTF8.GetString(utf8);
}
