using System.Diagnostics;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;

namespace Chat.Tests.Support;

/// <summary>A client of the raw endpoints, text or JSON. It reads all the time, so that pings are answered.</summary>
internal sealed class ChatClient : IAsyncDisposable
{
    /// <summary>Only a failing test waits this long. It is less than the 30 s after which a silent connection ends by itself.</summary>
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(25);

    private readonly ClientWebSocket _socket;
    private readonly Inbox<string> _texts;
    private readonly SemaphoreSlim _sending = new(1);
    private readonly Task<Closing> _reading;

    private ChatClient(ClientWebSocket socket, string node, string path)
    {
        _socket = socket;
        _texts = new Inbox<string>(path, async () => $"{await Ended}");
        Node = node;
        _reading = ReadAsync();
    }

    /// <summary>The id of the node that took the connection.</summary>
    public string Node { get; }

    /// <summary>Completes when the connection has ended; never fails.</summary>
    public Task<Closing> Ended => _reading;

    /// <exception cref="RefusedException">The server answered with another status than 101.</exception>
    /// <exception cref="WebSocketException">Nobody answered.</exception>
    public static Task<ChatClient> ConnectAsync(Uri server, string path, CancellationToken cancellationToken = default) =>
        ConnectAsync(server, path, token: null, cancellationToken);

    /// <param name="server">A node or the edge.</param>
    /// <param name="path">Path and query.</param>
    /// <param name="token">Sent as the header <c>Authorization: Bearer</c>.</param>
    /// <param name="cancellationToken">Ends the wait for an answer.</param>
    public static async Task<ChatClient> ConnectAsync(Uri server, string path, string? token, CancellationToken cancellationToken = default)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(Deadline);
        var socket = new ClientWebSocket();
        socket.Options.CollectHttpResponseDetails = true;
        if (token is not null)
        {
            socket.Options.SetRequestHeader("Authorization", "Bearer " + token);
        }

        try
        {
            await socket.ConnectAsync(Address(server, path), deadline.Token);
        }
        catch (WebSocketException) when (socket.HttpStatusCode is not 0 and not System.Net.HttpStatusCode.SwitchingProtocols)
        {
            var retryAfter = socket.HttpResponseHeaders?.TryGetValue("Retry-After", out var values) == true ? values.FirstOrDefault() : null;
            var status = (int)socket.HttpStatusCode;
            socket.Dispose();
            throw new RefusedException(status, retryAfter);
        }
        catch
        {
            socket.Dispose();
            throw;
        }

        var node = socket.HttpResponseHeaders!.TryGetValue("X-Node", out var ids) ? ids.Single() : "";
        socket.HttpResponseHeaders = null;
        return new ChatClient(socket, node, path);
    }

    public static Uri Address(Uri server, string path) => new($"ws://{server.Authority}{path}");

    public Task SendAsync(string text) => SendAsync(Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text);

    /// <summary>Sends an object as JSON, with the names of its properties unchanged.</summary>
    public Task SendJsonAsync<T>(T message) => SendAsync(JsonSerializer.Serialize(message));

    public async Task SendAsync(ReadOnlyMemory<byte> bytes, WebSocketMessageType type, bool endOfMessage = true)
    {
        await _sending.WaitAsync();
        try
        {
            await _socket.SendAsync(bytes, type, endOfMessage, CancellationToken.None);
        }
        finally
        {
            _sending.Release();
        }
    }

    /// <summary>The next text, in either format.</summary>
    public Task<string> NextAsync() => _texts.NextAsync();

    /// <summary>The next text, however long it takes.</summary>
    /// <exception cref="EndOfStreamException">The connection has ended.</exception>
    public Task<string> NextOrEndAsync(CancellationToken cancellationToken) => _texts.NextOrEndAsync(cancellationToken);

    public async Task<ChatFrame> NextFrameAsync() => ChatFrame.Parse(await NextAsync());

    /// <summary>The next frame of this type; frames before it are dropped.</summary>
    public async Task<ChatFrame> NextFrameAsync(string type)
    {
        while (true)
        {
            if (await NextFrameAsync() is var frame && frame.Type == type)
            {
                return frame;
            }
        }
    }

    /// <summary>The texts up to and including the first that meets the condition.</summary>
    public Task<List<string>> UntilAsync(Func<string, bool> last) => _texts.UntilAsync(last);

    /// <summary>The texts that have arrived and were not taken.</summary>
    public IEnumerable<string> Pending() => _texts.Pending();

    public Task<Closing> ClosedAsync() => _reading.WaitAsync(Deadline);

    /// <summary>Starts the closing handshake and returns with the server's answer.</summary>
    public async Task<Closing> CloseAsync(WebSocketCloseStatus status = WebSocketCloseStatus.NormalClosure, string reason = "")
    {
        await _socket.CloseOutputAsync(status, reason, CancellationToken.None);
        return await ClosedAsync();
    }

    /// <summary>Ends the connection the way a crash does.</summary>
    public void Abort() => _socket.Abort();

    public async ValueTask DisposeAsync()
    {
        _socket.Abort();
        await _reading;
        _socket.Dispose();
        _sending.Dispose();
    }

    private async Task<Closing> ReadAsync()
    {
        var buffer = new byte[16 * 1024];
        var message = new MemoryStream();
        var closing = new Closing(1006, "");
        try
        {
            while (true)
            {
                var received = await _socket.ReceiveAsync(buffer.AsMemory(), CancellationToken.None);
                if (received.MessageType == WebSocketMessageType.Close)
                {
                    closing = new Closing((int)(_socket.CloseStatus ?? 0), _socket.CloseStatusDescription ?? "");
                    await AnswerCloseAsync();
                    break;
                }

                message.Write(buffer, 0, received.Count);
                if (received.EndOfMessage)
                {
                    _texts.Add(Encoding.UTF8.GetString(message.GetBuffer(), 0, (int)message.Length));
                    message.SetLength(0);
                }
            }
        }
        catch (Exception exception) when (exception is WebSocketException or OperationCanceledException or ObjectDisposedException or IOException)
        {
            Debug.WriteLine(exception.Message); // the connection broke, which the code 1006 reports
        }

        _texts.Complete();
        return closing;
    }

    private async Task AnswerCloseAsync()
    {
        if (_socket.State == WebSocketState.CloseReceived)
        {
            await _socket.CloseOutputAsync(_socket.CloseStatus ?? WebSocketCloseStatus.NormalClosure, null, CancellationToken.None);
        }
    }
}
