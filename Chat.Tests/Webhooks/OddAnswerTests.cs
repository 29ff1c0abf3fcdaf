using System.Net;
using System.Net.Sockets;
using System.Text;
using Chat.Api.Access;
using Chat.Api.Events;
using Chat.Api.Messages;
using Chat.Api.Nodes;
using Chat.Tests.Access;
using Chat.Tests.Auth;
using Chat.Tests.Support;
using Microsoft.Extensions.Options;
using Xunit;

namespace Chat.Tests.Webhooks;

/// <summary>A server that answers in place of a webhook may send texts that harm the reader of the log. Once they cleared the screen or began another
/// line.</summary>
public sealed class OddAnswerTests : IHttpClientFactory, IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly string _url;

    public OddAnswerTests()
    {
        _listener.Start();
        _url = $"http://{_listener.LocalEndpoint}/";
    }

    public void Dispose() => _listener.Dispose();

    public HttpClient CreateClient(string name) => new();

    public static TheoryData<string> Odd() => ["SSH-2.0-\e[2J\rwarn: all is well", "HTTP/1.1 200 OK\r\nno\e[2J\rwarn: header", "HTTP/1.1 200 OK\r\n" + new string('x', 5000)];

    [Theory]
    [MemberData(nameof(Odd))]
    public async Task Answer_ThatIsNoHttp_IsOneShortLineOfTheLog(string answer)
    {
        var log = new RecordingLogger<AccessWebhook>();
        var webhook = new AccessWebhook(
            this, new UnansweredUsers(TimeProvider.System), new NodeIdentity(TimeProvider.System), Options.Create(new AccessOptions { Url = _url }), new AccessMetrics(NoMeters.Instance), TimeProvider.System, log);

        await Task.WhenAll(AnswerAsync(answer), webhook.AskAsync("anna", topic: null, Rights.Connect));

        AssertIsOneShortLine(log.Lines);
    }

    [Theory]
    [MemberData(nameof(Odd))]
    public async Task ReceiverOfEvents_WhoseAnswerIsNoHttp_IsOneShortLineOfTheLog(string answer)
    {
        using var turns = new TopicTurns(TimeProvider.System);
        var log = new RecordingLogger<EventReceiver>();
        var receiver = new EventReceiver(
            this, Options.Create(new EventOptions { Url = _url, Secret = TestWebhook.Secret }), new EventMetrics(NoMeters.Instance, turns, TimeProvider.System), turns, TimeProvider.System, log);
        var batch = EventBatch.Of(Topic.Group("42"), [Encoding.UTF8.GetBytes("came 1795310968966123 ben")]);

        for (var i = 0; i < 3; i++)
        {
            await Task.WhenAll(AnswerAsync(answer), receiver.PostAsync(batch, CancellationToken.None));
        }

        AssertIsOneShortLine(log.Lines);
    }

    private static void AssertIsOneShortLine(string[] lines)
    {
        var line = Assert.Single(lines).TrimEnd();
        Assert.DoesNotContain(line, char.IsControl);
        Assert.InRange(line.Length, 50, 600);
    }

    private async Task AnswerAsync(string answer)
    {
        using var client = await _listener.AcceptTcpClientAsync().WaitAsync(ChatClient.Deadline);
        await using var stream = client.GetStream();
        await stream.ReadAtLeastAsync(new byte[16], 16);
        await stream.WriteAsync(Encoding.Latin1.GetBytes(answer + "\r\n\r\n"));
        client.Client.Shutdown(SocketShutdown.Send);
        try
        {
            await stream.CopyToAsync(Stream.Null); // if the stream were closed sooner, the answer could be lost with it
        }
        catch (IOException)
        {
            // The node has read enough and has hung up.
        }
    }
}
