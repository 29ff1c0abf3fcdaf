using Microsoft.AspNetCore.Http.Features;

namespace Edge.Proxy.Requests;

/// <summary>The kinds of requests that the edge tells apart.</summary>
internal static class RequestKind
{
    public const string HubPath = "/signalr";

    /// <summary>A WebSocket, or anything else that may take the connection over.</summary>
    public static bool IsUpgrade(this HttpContext http) =>
        http.Features.Get<IHttpUpgradeFeature>()?.IsUpgradableRequest == true
        || http.Features.Get<IHttpExtendedConnectFeature>()?.IsExtendedConnect == true;

    /// <summary>A WebSocket. Other upgrades do not count: some HTTP clients offer one to HTTP/2 with each of their requests.</summary>
    public static bool IsWebSocket(this HttpContext http) =>
        http.IsUpgrade()
        && (HttpMethods.IsConnect(http.Request.Method)
            || (http.Request.MayUpgrade() && http.Request.Headers.Upgrade.ToString().Contains("websocket", StringComparison.OrdinalIgnoreCase)));

    /// <summary>Asks for a tunnel: a CONNECT to anything but a WebSocket.</summary>
    public static bool IsTunnel(this HttpContext http) =>
        HttpMethods.IsConnect(http.Request.Method)
        && http.Features.Get<IHttpExtendedConnectFeature>() is not { IsExtendedConnect: true, Protocol: "websocket" };

    /// <summary>Of HTTP/1, only a GET of version 1.1 can become a WebSocket (RFC 6455, section 4.1). A server has to ignore the wish for an upgrade in
    /// a request of version 1.0 (RFC 9110, section 7.8).</summary>
    public static bool MayUpgrade(this HttpRequest request) => HttpMethods.IsGet(request.Method) && HttpProtocol.IsHttp11(request.Protocol);

    public static bool IsHub(this HttpRequest request) => request.Path.StartsWithSegments(HubPath);

    /// <summary>A hub's server-sent events, or one of its polls: both stay until there is news, or longer.</summary>
    public static bool IsHubStream(this HttpRequest request) => request.IsHub() && HttpMethods.IsGet(request.Method);

    /// <summary>Asks for a connection id. Asking again only makes another one.</summary>
    public static bool IsNegotiate(this HttpRequest request) =>
        HttpMethods.IsPost(request.Method)
        && request.IsHub()
        && request.Path.Value!.EndsWith("/negotiate", StringComparison.OrdinalIgnoreCase);
}
