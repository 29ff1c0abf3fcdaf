using System.Net;
using System.Net.WebSockets;
using Microsoft.AspNetCore.Connections;

namespace Chat.Tests.Support;

internal sealed class HubWebSocketLink : HubLink
{
    private readonly ClientWebSocket _socket;

    private HubWebSocketLink(ClientWebSocket socket)
    {
        _socket = socket;
        Node = socket.HttpResponseHeaders!.TryGetValue("X-Node", out var ids) ? ids.Single() : "";
        Start();
    }

    /// <exception cref="RefusedException">The server answered with another status than 101.</exception>
    public static async Task<HubWebSocketLink> ConnectAsync(
        Uri address, CookieContainer cookies, string? token, CancellationToken cancellationToken)
    {
        var socket = new ClientWebSocket();
        socket.Options.CollectHttpResponseDetails = true;
        socket.Options.Cookies = cookies;
        if (token is not null)
        {
            socket.Options.SetRequestHeader("Authorization", $"Bearer {token}");
        }

        try
        {
            await socket.ConnectAsync(new UriBuilder(address) { Scheme = "ws" }.Uri, cancellationToken);
            return new HubWebSocketLink(socket);
        }
        catch (WebSocketException) when (socket.HttpStatusCode is not 0 and not HttpStatusCode.SwitchingProtocols)
        {
            var status = (int)socket.HttpStatusCode;
            socket.Dispose();
            throw new RefusedException(status, null);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    public override void Abort(ConnectionAbortedException abortReason)
    {
        base.Abort(abortReason); // first: when the socket is gone, the client disposes of this
        _socket.Abort();
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        _socket.Dispose();
    }

    protected override async Task ReceiveAsync()
    {
        while (true)
        {
            var received = await _socket.ReceiveAsync(Received.GetMemory(4096), Ending);
            if (received.MessageType == WebSocketMessageType.Close)
            {
                if (_socket.CloseStatus is not WebSocketCloseStatus.NormalClosure)
                {
                    throw new HubClosedException((int)(_socket.CloseStatus ?? 0), _socket.CloseStatusDescription ?? "");
                }

                return;
            }

            Received.Advance(received.Count);
            await Received.FlushAsync(Ending);
        }
    }

    protected override async Task SendAsync()
    {
        while (true)
        {
            var read = await ToSend.ReadAsync(Ending);
            if (!read.Buffer.IsEmpty)
            {
                foreach (var segment in read.Buffer)
                {
                    await _socket.SendAsync(segment, WebSocketMessageType.Text, endOfMessage: false, Ending);
                }

                await _socket.SendAsync(ReadOnlyMemory<byte>.Empty, WebSocketMessageType.Text, endOfMessage: true, Ending);
            }

            ToSend.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted)
            {
                await _socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, "", Ending);
                return;
            }
        }
    }
}

/// <summary>The server closed the WebSocket with another code than 1000.</summary>
internal sealed class HubClosedException(int code, string reason) : Exception($"Closed with {code}: {reason}")
{
    public Closing Closing => new(code, reason);
}
