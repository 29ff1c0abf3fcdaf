using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using Microsoft.AspNetCore.Http.Connections.Client;

namespace Chat.Tests.Support;

/// <summary>The network layer under Microsoft's .NET client: it sets the address, reports the node that answered, and can cut the connections.</summary>
/// <param name="address">Called for each connection; returns the address with its query.</param>
/// <param name="token">Called for each request that carries a token.</param>
/// <param name="tokenInQuery">Whether a WebSocket carries the token in its query.</param>
internal sealed class HubWire(Func<Uri> address, Func<string?> token, bool tokenInQuery)
{
    /// <summary>The address given to the client. Requests replace it by the actual one.</summary>
    public const string Url = "http://hub" + HubClient.Path;

    private readonly CookieContainer _cookies = new(); // for the edge's affinity
    private readonly ConcurrentQueue<Socket> _sockets = new();
    private Action _abort = () => { };

    /// <summary>The address of the present connection.</summary>
    public Uri Address { get; private set; } = new(Url);

    /// <summary>The id of the node that took the latest connection.</summary>
    public string Node { get; private set; } = "";

    public void Configure(HttpConnectionOptions options)
    {
        options.AccessTokenProvider = () => Task.FromResult(token());
        options.HttpMessageHandlerFactory = _ => new Handler(this, new SocketsHttpHandler { CookieContainer = _cookies, ConnectCallback = ConnectAsync });
        options.WebSocketFactory = ConnectAsync;
    }

    /// <summary>Ends the open connections the way a network failure does.</summary>
    public void Cut()
    {
        _abort();
        while (_sockets.TryDequeue(out var socket))
        {
            socket.Dispose();
        }
    }

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(context.DnsEndPoint, cancellationToken);
        _sockets.Enqueue(socket);
        return new NetworkStream(socket, ownsSocket: true);
    }

    private async ValueTask<WebSocket> ConnectAsync(WebSocketConnectionContext context, CancellationToken cancellationToken)
    {
        if (!context.Uri.Query.Contains("id=", StringComparison.Ordinal))
        {
            Address = address(); // no negotiation, so this is the first request
        }

        var socket = new ClientWebSocket();
        _abort = socket.Abort;
        socket.Options.CollectHttpResponseDetails = true;
        socket.Options.Cookies = _cookies;
        var url = new UriBuilder(Readdress(context.Uri)) { Scheme = "ws" };
        if (token() is { } value)
        {
            url.Query = tokenInQuery ? With(url.Query, $"access_token={Uri.EscapeDataString(value)}") : url.Query;
            socket.Options.SetRequestHeader("Authorization", tokenInQuery ? null : $"Bearer {value}");
        }

        try
        {
            await socket.ConnectAsync(url.Uri, cancellationToken);
        }
        catch (WebSocketException) when (socket.HttpStatusCode is not 0 and not HttpStatusCode.SwitchingProtocols)
        {
            throw new RefusedException((int)socket.HttpStatusCode, null);
        }

        Node = socket.HttpResponseHeaders!.TryGetValue("X-Node", out var ids) ? ids.Single() : "";
        return socket;
    }

    private Uri Readdress(Uri url) => new UriBuilder(Address) { Path = url.AbsolutePath, Query = With(Address.Query, url.Query.TrimStart('?')) }.Uri;

    private static string With(string query, string more) => string.Join('&', ((string[])[query.TrimStart('?'), more]).Where(part => part.Length > 0));

    private sealed class Handler(HubWire wire, HttpMessageHandler inner) : DelegatingHandler(inner)
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var isFirst = request.RequestUri!.AbsolutePath.EndsWith("/negotiate", StringComparison.Ordinal);
            wire.Address = isFirst ? wire.NextAddress() : wire.Address;
            request.RequestUri = wire.Readdress(request.RequestUri);
            var response = await base.SendAsync(request, cancellationToken);
            if (isFirst)
            {
                wire.Node = response.Headers.TryGetValues("X-Node", out var ids) ? ids.Single() : "";
                return response.IsSuccessStatusCode ? response : throw new RefusedException((int)response.StatusCode, response.Headers.RetryAfter?.ToString());
            }

            return response;
        }
    }

    private Uri NextAddress() => address();
}
