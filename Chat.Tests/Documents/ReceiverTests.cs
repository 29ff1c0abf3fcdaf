using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using Chat.Api.Webhooks;
using Chat.Tests.NodeJs;
using Chat.Tests.Support;
using Xunit;

namespace Chat.Tests.Documents;

/// <summary>The JavaScript receivers that the documents show, used as somebody would copy them.</summary>
public sealed partial class ReceiverTests : IDisposable
{
    private const string Secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    private const string Events = """{"events":[{"id":"1","type":"user.online","at":1,"topic":"user:anna","user":"anna"}]}""";
    private const string Question = """{"user":"anna","topic":"group:news","want":["join"],"node":"n"}""";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("chat-receivers-");
    private readonly HttpClient _http = new();

    public void Dispose()
    {
        _http.Dispose();
        _folder.Delete(recursive: true);
    }

    // A request that a client began and did not finish once caused an uncaught error, which ended the process.
    [NodeFact]
    public Task ReceiverOfEvents_TakesWhatIsSignedAndNew_AndOutlivesWhatBreaksOff() => AssertAsync("docs/EVENTS.md", Events, HttpStatusCode.NoContent);

    [NodeFact]
    public Task ReceiverOfQuestions_TakesWhatIsSignedAndNew_AndOutlivesWhatBreaksOff() => AssertAsync("docs/ACCESS.md", Question, HttpStatusCode.OK);

    private async Task AssertAsync(string document, string body, HttpStatusCode taken)
    {
        var address = new Uri($"http://127.0.0.1:{TestPort.FindFree()}/");
        await using var receiver = await StartAsync(document, address.Port);
        await Eventually.TrueAsync(() => CanConnect(address.Port));
        var now = DateTimeOffset.UtcNow;

        BreakOff(address.Port);
        Assert.Equal(taken, await PostAsync(address, body, body, now));
        Assert.Equal(HttpStatusCode.Unauthorized, await PostAsync(address, body, body + " ", now));
        Assert.Equal(HttpStatusCode.Unauthorized, await PostAsync(address, body, body, now.AddMinutes(-6)));
        Assert.Equal(HttpStatusCode.Unauthorized, await PostAsync(address, body, body, now.AddMinutes(6)));
        using var unsigned = await _http.PostAsync(address, new StringContent(body));
        Assert.Equal(HttpStatusCode.Unauthorized, unsigned.StatusCode);
        BreakOff(address.Port);
        Assert.Equal(taken, await PostAsync(address, body, body, now));
        Assert.False(receiver.HasExited);
    }

    private async Task<ChildProcess> StartAsync(string document, int port)
    {
        var shown = Script().Matches(Repository.Read(document)).Select(match => match.Groups[1].Value).Single(script => script.Contains("createServer", StringComparison.Ordinal));
        var file = Path.Combine(_folder.FullName, "receiver.mjs");
        await File.WriteAllTextAsync(file, Listening().Replace(shown, $".listen({port})") + "\nasync function isInTeam() { return true; }\n");
        return await ChildProcess.StartAsync(NpmFolder.Node!, [file], new Dictionary<string, string> { ["EVENTS_SECRET"] = Secret, ["SECRET"] = Secret });
    }

    private async Task<HttpStatusCode> PostAsync(Uri address, string body, string signed, DateTimeOffset at)
    {
        Assert.True(WebhookSignature.TryParse(Secret, out var signature));
        using var request = new HttpRequestMessage(HttpMethod.Post, address) { Content = new StringContent(body) };
        signature.Sign(request, "id", at, Encoding.UTF8.GetBytes(signed));
        using var response = await _http.SendAsync(request);
        return response.StatusCode;
    }

    private static void BreakOff(int port)
    {
        using var client = new TcpClient("127.0.0.1", port);
        client.Client.Send("POST / HTTP/1.1\r\nHost: receiver\r\nContent-Length: 100\r\n\r\n{"u8);
    }

    private static bool CanConnect(int port)
    {
        try
        {
            using var client = new TcpClient("127.0.0.1", port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    [GeneratedRegex(@"```js\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Script();

    [GeneratedRegex(@"\.listen\(\d+\)")]
    private static partial Regex Listening();
}
