using System.Text;
using Edge.Proxy.Relay;
using Xunit;

namespace Chat.Tests.Edge.Relay;

/// <summary>Heads are written from the parsed values and read strictly, so nothing can be smuggled in between two of them.</summary>
public sealed class HeadTests
{
    [Theory]
    [InlineData("HTTP/1.1 101\r\n\r\n")]
    [InlineData("HTTP/1.1 101 \r\n\r\n")]
    [InlineData("HTTP/1.0 101 Switching Protocols\r\nA: b\r\nA:c \r\n\r\n")]
    public void Response_OfTheGrammar_IsRead(string head)
    {
        Assert.Equal(HeadStatus.Complete, ResponseHead.TryRead(Encoding.Latin1.GetBytes(head + "more"), out var length, out var response));
        Assert.Equal(head.Length, length);
        Assert.Equal(101, (int)response!.StatusCode);
    }

    [Theory]
    [InlineData("HTTP/2 101\r\n\r\n")]
    [InlineData("HTTP/1.1  101\r\n\r\n")]
    [InlineData("HTTP/1.1 1o1 x\r\n\r\n")]
    [InlineData("HTTP/1.1 099 x\r\n\r\n")]
    [InlineData("HTTP/1.1 1010\r\n\r\n")]
    [InlineData("\r\n\r\nHTTP/1.1 101 x\r\n\r\n")]
    [InlineData("HTTP/1.1 101 x\r\nA : b\r\n\r\n")]
    [InlineData("HTTP/1.1 101 x\r\n: b\r\n\r\n")]
    [InlineData("HTTP/1.1 101 x\r\nA: b\r\n folded\r\n\r\n")]
    [InlineData("HTTP/1.1 101 x\r\nA: b\nC: d\r\n\r\n")]
    [InlineData("HTTP/1.1 101 x\r\nA: b\rC: d\r\n\r\n")]
    [InlineData("HTTP/1.1 101 x\r\nA: \0\r\n\r\n")]
    [InlineData("HTTP/1.1 101 x\r\nÄ: b\r\n\r\n")]
    public void Response_OutsideTheGrammar_IsMalformed(string head) =>
        Assert.Equal(HeadStatus.Malformed, ResponseHead.TryRead(Encoding.Latin1.GetBytes(head), out _, out _));

    [Fact]
    public void Response_IsIncomplete_UntilItsLastByte()
    {
        var head = Encoding.Latin1.GetBytes(TcpPeer.Accepted);

        Assert.All(Enumerable.Range(0, head.Length), count =>
            Assert.Equal(HeadStatus.Incomplete, ResponseHead.TryRead(head.AsSpan(0, count), out _, out _)));
    }

    [Theory]
    [InlineData("Content-Length", "0")]
    [InlineData("Transfer-Encoding", "chunked")]
    [InlineData("X-A", "\u0001")]
    public void Request_ThatNeedsThought_IsNotWritten(string name, string value)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "http://node/chat");
        if (!request.Headers.TryAddWithoutValidation(name, value))
        {
            request.Content = new ByteArrayContent([]);
        }

        Assert.False(RequestHead.TryWrite(request, out _));
    }

    [Fact]
    public void Request_WithALineBreakInAHeader_IsNotWrittenWithIt()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "http://node/chat");
        request.Headers.TryAddWithoutValidation("X-A", "b\r\nX-B: c");

        Assert.True(!RequestHead.TryWrite(request, out var head) || !Encoding.Latin1.GetString(head).Contains("X-B", StringComparison.Ordinal));
    }

    [Fact]
    public void Header_BeyondAscii_IsWrittenAsItCame()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "http://node/chat");
        request.Headers.TryAddWithoutValidation("Cookie", "name=José\t张伟");

        Assert.True(RequestHead.TryWrite(request, out var head));
        Assert.Contains("\r\nCookie: name=José\t张伟\r\n", Encoding.UTF8.GetString(head), StringComparison.Ordinal);
    }

    [Fact]
    public void Request_WithoutAHost_NamesTheNode()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "http://node:81/chat?x=y");

        Assert.True(RequestHead.TryWrite(request, out var head));
        Assert.Equal("GET /chat?x=y HTTP/1.1\r\nHost: node:81\r\n\r\n", Encoding.Latin1.GetString(head));
    }
}
