using System.IO.Pipelines;
using System.Security.Cryptography;
using System.Text;
using Chat.Api.Connections;
using Chat.Sockets.Server;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;

namespace Chat.Api.WebSockets;

/// <summary>The opening handshake (RFC 6455, section 4.2), and the transport below it: the socket itself where it is available, or a pipe
/// to read from and a sender to write to.</summary>
internal static class WebSocketUpgrade
{
    /// <summary>Whether the request asks for a WebSocket in the one version there is.</summary>
    /// <remarks>HTTP/1.1 only. Over HTTP/2 (RFC 8441) the connection is shared, and nothing here may write past its framing. The edge
    /// speaks HTTP/1.1 to nodes. Kestrel announces extended CONNECT where it speaks HTTP/2, so a node that terminates TLS should not
    /// speak HTTP/2 (docs/PROTOCOL.md).</remarks>
    public static bool IsRequested(HttpContext http)
    {
        var headers = http.Request.Headers;
        return http.Features.Get<IHttpUpgradeFeature>() is { IsUpgradableRequest: true }
            && HttpProtocol.IsHttp11(http.Request.Protocol) // to the server, HTTP/1.0 is upgradable as well; by the RFC it is not
            && HttpMethods.IsGet(http.Request.Method)
            && headers.Upgrade.ToString().Contains("websocket", StringComparison.OrdinalIgnoreCase)
            && IsKey(headers.SecWebSocketKey.ToString());
    }

    public static bool IsSupportedVersion(HttpContext http) => http.Request.Headers.SecWebSocketVersion == "13";

    /// <summary>Answers 101. From here on the connection speaks frames.</summary>
    /// <remarks>A connection that is to outlive the request does so from here on: nobody else closes its socket.</remarks>
    /// <returns>Null if the client has gone meanwhile.</returns>
    public static async Task<(IByteSource Source, IFrameSender Sender)?> AcceptAsync(HttpContext http)
    {
        var headers = http.Response.Headers;
        headers.Connection = "Upgrade";
        headers.Upgrade = "websocket";
        headers.SecWebSocketAccept = AcceptKey(http.Request.Headers.SecWebSocketKey.ToString());
        var stream = await http.Features.GetRequiredFeature<IHttpUpgradeFeature>().UpgradeAsync();

        // Take the transport's socket, unless something in between, such as TLS, reads and writes other bytes than those on the wire.
        if (http.Features.Get<ClientLink>() is { IsPlain: true } link)
        {
            await link.Loop.EnterAsync(); // the 101 is on the wire, and nobody reads
            return TakenSocket.TryTake(link) is { } taken ? (taken, taken) : null;
        }

        // Not HttpContext.Abort: a topic may find a connection dead just after its request has ended. The context of an ended request
        // throws, and would do so on the backplane's thread. The connection's own Abort may be called at any time.
        Action abort = http.Features.GetRequiredFeature<IConnectionLifetimeFeature>().Abort;
        var transport = http.Features.Get<IConnectionTransportFeature>()?.Transport;
        var socket = http.Features.Get<IConnectionSocketFeature>()?.Socket;
        var isPlain = http.Features.Get<ITlsConnectionFeature>() is null && !http.Request.IsHttps;
        if (transport is not null && socket is not null && isPlain)
        {
            return (new PipeSource(transport.Input), new SocketSender(socket, abort));
        }

        return (new PipeSource(PipeReader.Create(stream)), new PipeSender(PipeWriter.Create(stream), abort));
    }

    private static bool IsKey(string key)
    {
        Span<byte> nonce = stackalloc byte[18];
        return key.Length == 24 && Convert.TryFromBase64String(key, nonce, out var length) && length == 16;
    }

    private static string AcceptKey(string key)
    {
        Span<byte> input = stackalloc byte[60];
        Encoding.ASCII.GetBytes(key, input);
        "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"u8.CopyTo(input[24..]);
        Span<byte> hash = stackalloc byte[SHA1.HashSizeInBytes];
#pragma warning disable CA5350 // The handshake prescribes SHA-1; it proves that the server speaks WebSocket, and protects nothing.
        SHA1.HashData(input, hash);
#pragma warning restore CA5350
        return Convert.ToBase64String(hash);
    }
}
