using System.Net.WebSockets;
using System.Text;
using Chat.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging;
using Xunit;
using Library = Chat.Client.ChatClient;

namespace Chat.Tests.ClientLibrary;

/// <summary>A hub that ends a connection before, or instead of, answering its handshake.</summary>
public sealed class HandshakeTests : IAsyncLifetime
{
    private const string Subscribed = """{"type":1,"target":"subscribed","arguments":[{"to":"anna","epoch":"e","offset":1,"recovered":true}]}""";

    private readonly Queue<string[]> _answers = new(); // of one connection each; the last one stays
    private WebApplication? _hub;

    public async Task InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        _hub = builder.Build();
        _hub.Urls.Add("http://127.0.0.1:0");
        _hub.UseWebSockets();
        _hub.Run(async http =>
        {
            using var socket = await http.WebSockets.AcceptWebSocketAsync();
            var buffer = new byte[4096];
            await socket.ReceiveAsync(buffer, CancellationToken.None);
            var answers = _answers.Count > 1 ? _answers.Dequeue() : _answers.Peek();
            foreach (var answer in answers)
            {
                await socket.SendAsync(Encoding.UTF8.GetBytes(answer + "\u001e"), WebSocketMessageType.Text, true, CancellationToken.None);
            }

            while (_answers.Count == 1 && answers.Length > 1 && (await socket.ReceiveAsync(buffer, CancellationToken.None)).MessageType != WebSocketMessageType.Close)
            {
                // Stays.
            }
        });
        await _hub.StartAsync();
    }

    public async Task DisposeAsync() => await _hub!.DisposeAsync();

    [Fact]
    public async Task Connection_ThatIsToTryLater_TriesLater()
    {
        _answers.Enqueue(["""{"type":7,"error":"try again later","allowReconnect":true}"""]);
        _answers.Enqueue(["""{"error":"try again later","allowReconnect":true}"""]); // nodes before had the other
        _answers.Enqueue(["{}", Subscribed]);

        await using var anna = await Library.ConnectAsync(Options).WaitAsync(Listener.Deadline);
        Assert.Equal(ChatState.Online, anna.State);
    }

    [Theory]
    [InlineData("""{"type":7,"error":"banned"}""", "banned")]
    [InlineData("""{"error":"The protocol 'json' is not supported."}""", "The protocol 'json' is not supported.")]
    [InlineData("rubbish", "What answered is no hub of SignalR's.")]
    public async Task Connection_ThatIsNotWanted_IsNotMadeAgain(string answer, string words)
    {
        _answers.Enqueue([answer]);

        var refused = await Assert.ThrowsAsync<ChatException>(() => Library.ConnectAsync(Options).WaitAsync(Listener.Deadline));
        Assert.Equal(("refused", words), (refused.Code, refused.Message));
    }

    private ChatClientOptions Options => new()
    {
        Server = new Uri(_hub!.Urls.Single()),
        Token = _ => ValueTask.FromResult("x"),
        FirstDelay = TimeSpan.FromMilliseconds(10),
        LongestDelay = TimeSpan.FromMilliseconds(20),
    };
}
