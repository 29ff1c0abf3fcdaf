using System.Net.Sockets;
using System.Text;
using Chat.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace Chat.Tests.ServerApi;

/// <summary>Whatever a backend gets wrong is reported as a problem, and the node goes on.</summary>
public sealed class BadCallTests(ApiNodes nodes, ITestOutputHelper output) : ApiTest(nodes, output)
{
    [Theory]
    [InlineData("", "there is none")]
    [InlineData("null", "there is none")]
    [InlineData("[", "it cannot be read")]
    [InlineData("[]", "it cannot be read")]
    [InlineData("{\"topic\":\"all\"}", "missing are 'msg'")]
    [InlineData("{\"topic\":null,\"msg\":\"x\"}", "wrong or unknown at $.topic")]
    [InlineData("{\"topic\":\"all\",\"msg\":5}", "wrong or unknown at $.msg")]
    [InlineData("{\"topic\":\"all\",\"msg\":\"x\",\"message\":\"x\"}", "wrong or unknown at $.message")]
    [InlineData("{\"topic\":\"all\",\"msg\":\"x\",\"msg\":\"y\"}", "wrong or unknown at $.msg")]
    [InlineData("{\"topic\":\"all\",\"msg\":\"\\ud800\"}", "wrong or unknown at $.msg")]
    [InlineData("{\"topic\":\"all\",\"msg\":\"x\"} x", "it cannot be read")]
    public async Task Body_ThatIsNotTheRightJson_IsAProblem_ThatSaysWhere(string body, string where)
    {
        foreach (var node in new[] { Nodes.Deployed, Nodes.Developed })
        {
            var answer = await new ApiClient(node).PostTextAsync("publish", body);
            answer.IsProblem(400, "malformed");
            Assert.Contains(where, answer.Text, StringComparison.Ordinal);
            Assert.DoesNotContain("Chat.Api", answer.Text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Body_NestedWithoutEnd_IsAProblem()
    {
        var deep = $"{{\"topic\":\"all\",\"msg\":\"x\",\"id\":{new string('[', 100_000)}";
        (await Api.PostTextAsync("publish", deep)).IsProblem(400, "malformed");
    }

    [Theory]
    [InlineData("text/plain")]
    [InlineData("application/x-www-form-urlencoded")] // curl's default, when the type is forgotten
    public async Task Body_OfAnotherType_IsAProblem(string type) =>
        (await Api.PostTextAsync("publish", "{\"topic\":\"all\",\"msg\":\"x\"}", type)).IsProblem(415, "not_json");

    [Fact]
    public async Task Body_WithoutAType_IsAProblem()
    {
        var body = new ByteArrayContent("{\"topic\":\"all\",\"msg\":\"x\"}"u8.ToArray());
        (await Api.SendAsync(HttpMethod.Post, "publish", body)).IsProblem(415, "not_json");
    }

    // The first call reads its body itself; for the other the framework reads it.
    [Theory]
    [InlineData("utf8")]
    [InlineData("klingon")]
    [InlineData("utf-7")] // known, but no longer read
    [InlineData("\"klingon\"")]
    [InlineData("\"\"")]
    [InlineData("")]
    public async Task Body_InAnEncodingThatIsNone_IsAProblem(string charset)
    {
        foreach (var (call, body) in new[] { ("publish", "{\"topic\":\"all\",\"msg\":\"x\"}"), ("publish-many", "{\"topics\":[\"all\"],\"msg\":\"x\"}") })
        {
            (await Api.PostTypedAsync(call, body, "application/json; charset=" + charset)).IsProblem(415, "not_json");
        }
    }

    // By RFC 9110 (section 5.6.6) the value of a parameter may be in quotes.
    [Theory]
    [InlineData("application/json; charset=\"utf-8\"")]
    [InlineData("application/json;charset=\"UTF-8\"")]
    [InlineData("Application/JSON; Charset=Utf-8")]
    [InlineData("application/json; charset=\"iso-8859-1\"; profile=\"x; y\"")]
    public async Task Body_WhoseTypeIsWrittenAsItMayBe_IsRead(string type)
    {
        foreach (var (call, body) in new[] { ("publish", "{\"topic\":\"all\",\"msg\":\"x\"}"), ("publish-many", "{\"topics\":[\"all\"],\"msg\":\"x\"}") })
        {
            (await Api.PostTypedAsync(call, body, type)).Read<object>();
        }
    }

    [Theory]
    [InlineData("FFFFFFFFFFFFFFFF")] // more than the largest number of bytes
    [InlineData("7FFFFFFFFFFFFFFF0")]
    [InlineData("xyz")]
    public async Task Body_WithALengthThatIsNone_IsAProblem(string length)
    {
        using var client = await SendHeadAsync("Transfer-Encoding: chunked");
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes($"{length}\r\n{{\"topic\":\"all\"}}"));

        var answer = await ReadAsync(client.GetStream()).WaitAsync(ChatClient.Deadline);

        Assert.Equal(400, RawHttp.Status(answer));
        Assert.Contains("\"malformed\"", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Fields_BeyondTheirRules_AreProblems()
    {
        (await Api.PostAsync("publish", new { topic = "all", msg = "x", from = "" })).IsProblem(400, "invalid_id");
        (await Api.PostAsync("publish", new { topic = "all", msg = "x", from = new string('x', 129) })).IsProblem(400, "invalid_id");
        (await Api.PostAsync("publish", new { topic = "all", msg = "x", id = "" })).IsProblem(400, "invalid_msg_id");
        (await Api.PostAsync("publish", new { topic = "all", msg = "x", id = "a b" })).IsProblem(400, "invalid_msg_id");
        (await Api.PostAsync("publish", new { topic = "all", msg = new string('x', (32 * 1024) + 1) })).IsProblem(413, "too_big");
        (await Api.PostAsync("publish", new { topic = "all", msg = new string('"', 16 * 1024) + "x" })).IsProblem(413, "too_big"); // each takes two bytes on its way
        (await Api.PostAsync("publish", new { topic = "all", msg = new string('"', 16 * 1024) })).Read<PublishedAnswer>();
        (await Api.PostAsync("publish-many", new { topics = Array.Empty<string>(), msg = "x" })).IsProblem(400, "too_many_topics");
        (await Api.PostAsync("publish-many", new { topics = Enumerable.Repeat("all", 10_000), msg = "x" })).IsProblem(400, "too_many_topics");
        (await Api.PostTextAsync("publish-many", "{\"topics\":[null],\"msg\":\"x\"}")).IsProblem(400, "malformed");
    }

    // The body is read to its end, so that an edge that is still sending it gets the answer. Once the edge answered 502, after which backends try again.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Body_ThatIsTooBig_IsRefused_AndItsConnectionGoesOn(bool isChunked)
    {
        using var client = await SendHeadAsync(isChunked ? "Transfer-Encoding: chunked" : "Content-Length: 655360");
        var stream = client.GetStream();
        var piece = Encoding.ASCII.GetBytes(isChunked ? $"10000\r\n{new string(' ', 65536)}\r\n" : new string(' ', 65536));
        for (var i = 0; i < 10; i++)
        {
            await stream.WriteAsync(piece);
        }

        await stream.WriteAsync(Encoding.ASCII.GetBytes(isChunked ? "0\r\n\r\n" : ""));
        var answer = await ReadAsync(stream).WaitAsync(ChatClient.Deadline);
        Assert.Equal(413, RawHttp.Status(answer));
        Assert.Contains("\"too_big\"", answer, StringComparison.Ordinal);

        await stream.WriteAsync(Encoding.ASCII.GetBytes($"GET /api/v1/cluster HTTP/1.1\r\nHost: x\r\nX-Api-Key: {ApiNodes.Key}\r\n\r\n"));
        Assert.Contains("HTTP/1.1 200", await ReadAsync(stream, "\"redis\":").WaitAsync(ChatClient.Deadline), StringComparison.Ordinal);
    }

    // The rest is not read: neither of a body that claims to have 100 MB, nor of one that does not give its length.
    [Theory]
    [InlineData("Content-Length: 100000000")]
    [InlineData("Transfer-Encoding: chunked")]
    public async Task Body_OfAHundredMegabytes_IsRefusedEarly(string length)
    {
        using var client = await SendHeadAsync(length);
        var stream = client.GetStream();
        var reading = ReadAsync(stream);
        var piece = Encoding.ASCII.GetBytes(length[0] == 'T' ? $"10000\r\n{new string(' ', 65536)}\r\n" : new string(' ', 65536));
        for (var i = 0; i < 1600 && !reading.IsCompleted; i++)
        {
            try
            {
                await stream.WriteAsync(piece);
            }
            catch (IOException)
            {
                break; // the node has closed the connection
            }
        }

        var answer = await reading.WaitAsync(ChatClient.Deadline);
        Assert.Equal(413, RawHttp.Status(answer));
        Assert.Contains("\"too_big\"", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Body_ThatDoesNotCome_IsNotWaitedForLong()
    {
        using var client = await SendHeadAsync("Content-Length: 100");

        var answer = await ReadAsync(client.GetStream()).WaitAsync(ChatClient.Deadline);
        Assert.Equal(408, RawHttp.Status(answer));
        Assert.Contains("\"timeout\"", answer, StringComparison.Ordinal);
    }

    // The body arrives later than the head and in pieces, as from a slow backend.
    [Theory]
    [InlineData("Content-Length: 28", "{\"topic\":\"all\",", "\"msg\":\"slow\"}")]
    [InlineData("Transfer-Encoding: chunked", "f\r\n{\"topic\":\"all\",\r\n", "d\r\n\"msg\":\"slow\"}\r\n0\r\n\r\n")]
    public async Task Body_ThatComesInPieces_IsWaitedFor(string length, string piece, string rest)
    {
        using var client = await SendHeadAsync(length);
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(piece));
        (await Api.GetAsync("cluster")).Read<object>(); // by now the node has had time to read what was sent
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(rest));

        Assert.Equal(200, RawHttp.Status(await ReadAsync(client.GetStream(), "\"offset\":").WaitAsync(ChatClient.Deadline)));
    }

    private async Task<TcpClient> SendHeadAsync(string length)
    {
        var client = new TcpClient { NoDelay = true };
        await client.ConnectAsync(Nodes.Deployed.Address.Host, Nodes.Deployed.Address.Port);
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(
            $"POST /api/v1/publish HTTP/1.1\r\nHost: x\r\nX-Api-Key: {ApiNodes.Key}\r\nContent-Type: application/json\r\n{length}\r\n\r\n"));
        return client;
    }

    // Reads until a problem is complete, or until the given text.
    private static async Task<string> ReadAsync(NetworkStream stream, string end = "\"code\":")
    {
        var answer = new StringBuilder();
        var buffer = new byte[4096];
        while (!answer.ToString().Contains(end, StringComparison.Ordinal) && await stream.ReadAsync(buffer) is var count and > 0)
        {
            answer.Append(Encoding.UTF8.GetString(buffer, 0, count));
        }

        return answer.ToString();
    }
}
