using System.Diagnostics;
using System.Net;
using System.Net.Security;
using Chat.Sockets.Loops;
using Chat.Sockets.Server;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;
using Yarp.ReverseProxy.Forwarder;

namespace Edge.Proxy.Relay;

/// <summary>Takes YARP's place for WebSockets of HTTP/1.1. Once both sides have agreed, the two sockets become a <see cref="RelayPair"/>. The request
/// ends then, with the pair as one of its features; with TLS, it ends only with the relay. Everything before this in the pipeline, every
/// transform, and every other request stay with YARP.</summary>
internal sealed partial class RelayForwarder(
    IHttpForwarder yarp, RelayedConnections relayed, CopiedUpgrades copies, NodeNames names, IOptions<EdgeOptions> options, TimeProvider time, ILogger<RelayForwarder> logger)
    : IHttpForwarder
{
    private const string WebSocket = "websocket";

    public ValueTask<ForwarderError> SendAsync(
        HttpContext context, string destinationPrefix, HttpMessageInvoker httpClient, ForwarderRequestConfig requestConfig, HttpTransformer transformer) =>
        SendAsync(context, destinationPrefix, httpClient, requestConfig, transformer, CancellationToken.None);

    public async ValueTask<ForwarderError> SendAsync(
        HttpContext context, string destinationPrefix, HttpMessageInvoker httpClient, ForwarderRequestConfig requestConfig, HttpTransformer transformer, CancellationToken cancellationToken)
    {
        if (!CanRelay(context, out var client, out var tls)
            || !destinationPrefix.StartsWith("http://", StringComparison.OrdinalIgnoreCase)
            || await HeadAsync(context, destinationPrefix, transformer) is not var (node, head))
        {
            using var copied = CopiedUpgrade.TryLimit(context, copies, time);
            return await yarp.SendAsync(context, destinationPrefix, httpClient, requestConfig, transformer, cancellationToken);
        }

        return await UpgradeAsync(context, client, tls, node, head, requestConfig, transformer);
    }

    /// <summary>Whether the request is a WebSocket of HTTP/1.1, on a connection that is plain TCP, or TLS that ends here.</summary>
    private static bool CanRelay(HttpContext context, out ClientLink client, out SslStream? tls)
    {
        client = context.Features.Get<ClientLink>()!;
        tls = context.Features.Get<ISslStreamFeature>()?.SslStream;
        return client is not null
            && (client.IsPlain || tls is not null)
            && HttpMethods.IsGet(context.Request.Method)
            && context.Features.Get<IHttpUpgradeFeature>() is { IsUpgradableRequest: true }
            && context.Features.Get<IHttpRequestBodyDetectionFeature>() is { CanHaveBody: false }
            && string.Equals(context.Request.Headers.Upgrade, WebSocket, StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>The request as YARP would send it, its transforms applied; null if it is better left to YARP.</summary>
    private static async ValueTask<(Uri Node, byte[] Head)?> HeadAsync(HttpContext context, string prefix, HttpTransformer transformer)
    {
        using var request = new HttpRequestMessage { Method = HttpMethod.Get, Version = HttpVersion.Version11 };
        await transformer.TransformRequestAsync(context, request, prefix, context.RequestAborted);
        if (context.Response.StatusCode != StatusCodes.Status200OK || context.Response.HasStarted)
        {
            return null; // a transform has answered
        }

        request.RequestUri ??= RequestUtilities.MakeDestinationAddress(prefix, context.Request.Path, context.Request.QueryString);
        request.Headers.TryAddWithoutValidation(HeaderNames.Connection, "Upgrade");
        request.Headers.TryAddWithoutValidation(HeaderNames.Upgrade, WebSocket);
        Trace(request);
        return RequestHead.TryWrite(request, out var head) ? (request.RequestUri, head) : null;
    }

    // As an HTTP client does: the node's span is a child of the edge's.
    private static void Trace(HttpRequestMessage request)
    {
        if (Activity.Current is not { } activity)
        {
            return;
        }

        var propagator = DistributedContextPropagator.Current;
        foreach (var field in propagator.Fields)
        {
            request.Headers.Remove(field);
        }

        propagator.Inject(activity, request, static (request, name, value) => ((HttpRequestMessage)request!).Headers.TryAddWithoutValidation(name, value));
    }

    private async ValueTask<ForwarderError> UpgradeAsync(
        HttpContext context, ClientLink client, SslStream? tls, Uri node, byte[] head, ForwarderRequestConfig config, HttpTransformer transformer)
    {
        NodeAnswer answer;
        try
        {
            answer = await AskAsync(client.Loop, node, head, context.RequestAborted);
        }
        catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException)
        {
            return await FailAsync(context, transformer, exception);
        }

        using var response = answer.Response;
        try
        {
            if (!await CopyHeadAsync(context, response, transformer))
            {
                Drop(answer);
                return ForwarderError.None;
            }

            if (answer.Socket is not { } socket)
            {
                await context.Response.Body.WriteAsync(answer.Behind, context.RequestAborted);
                return ForwarderError.None;
            }

            // Returns when the 101 is on the wire.
            await context.Features.GetRequiredFeature<IHttpUpgradeFeature>().UpgradeAsync();
            await client.Loop.EnterAsync();
            var nodeId = context.GetReverseProxyFeature().ProxiedDestination!.DestinationId;
            var timeout = config.ActivityTimeout ?? options.Value.ActivityTimeout;
            if (tls is null)
            {
                var relay = RelayPair.OverTcp(nodeId, client, socket, answer.Behind.Span, timeout);
                relayed.Add(relay, isRequest: false);
                context.Features.Set(relay);
            }
            else
            {
                relayed.Add(RelayPair.OverTls(nodeId, client, tls, socket, answer.Behind.Span, timeout, out var over), isRequest: true);
                await over;
            }

            return ForwarderError.None;
        }
        catch (Exception exception)
        {
            // Most likely the client has gone meanwhile, and nothing can be done about it.
            Drop(answer);
            if (client.Taker is not null)
            {
                client.Abort();
            }

            if (!context.Response.HasStarted)
            {
                context.Response.Clear();
                context.Response.StatusCode = StatusCodes.Status502BadGateway;
            }

            Report(context, ForwarderError.UpgradeResponseClient, exception);
            return ForwarderError.UpgradeResponseClient;
        }
    }

    private static void Drop(NodeAnswer answer) => answer.Socket?.Loop.Run(() => answer.Socket.Close());

    private async Task<NodeAnswer> AskAsync(SocketLoop loop, Uri node, byte[] head, CancellationToken cancellationToken)
    {
        if (IPAddress.TryParse(node.DnsSafeHost, out var address))
        {
            await loop.EnterAsync();
            return await NodeRequest.SendAsync(loop, new IPEndPoint(address, node.Port), head, options.Value.UpgradeTimeout, cancellationToken);
        }

        var addresses = await names.ResolveAsync(node, cancellationToken);
        for (var i = 0; ; i++)
        {
            try
            {
                await loop.EnterAsync();
                return await NodeRequest.SendAsync(loop, new IPEndPoint(addresses[i], node.Port), head, options.Value.UpgradeTimeout, cancellationToken);
            }
            catch (HttpRequestException exception) when (exception.HttpRequestError == HttpRequestError.ConnectionError && i + 1 < addresses.Length)
            {
                // Localhost, for example, has two addresses, and most servers listen on one.
            }
        }
    }

    private static async ValueTask<bool> CopyHeadAsync(HttpContext context, HttpResponseMessage response, HttpTransformer transformer)
    {
        context.Response.StatusCode = (int)response.StatusCode;
        if (response.ReasonPhrase != ReasonPhrases.GetReasonPhrase((int)response.StatusCode))
        {
            context.Features.GetRequiredFeature<IHttpResponseFeature>().ReasonPhrase = response.ReasonPhrase;
        }

        if (!await transformer.TransformResponseAsync(context, response, context.RequestAborted))
        {
            return false;
        }

        if (response.StatusCode == HttpStatusCode.SwitchingProtocols)
        {
            context.Response.Headers.Connection = "Upgrade";
            context.Response.Headers.Upgrade = WebSocket;
        }

        return true;
    }

    private async ValueTask<ForwarderError> FailAsync(HttpContext context, HttpTransformer transformer, Exception exception)
    {
        var isGone = exception is OperationCanceledException;
        var error = isGone ? ForwarderError.RequestCanceled : ForwarderError.Request;
        context.Response.StatusCode = isGone ? StatusCodes.Status400BadRequest : StatusCodes.Status502BadGateway;
        Report(context, error, exception);
        await transformer.TransformResponseAsync(context, proxyResponse: null, CancellationToken.None);
        return error;
    }

    private void Report(HttpContext context, ForwarderError error, Exception? exception)
    {
        context.Features.Set<IForwarderErrorFeature>(new Failure(error, exception));
        if (error == ForwarderError.Request)
        {
            LogRequest(exception!.Message);
        }
        else
        {
            LogEnd(error, exception);
        }
    }

    [LoggerMessage(EventName = "NodeDidNotUpgrade", Level = LogLevel.Warning, Message = "A node did not answer a WebSocket: {Reason}")]
    private partial void LogRequest(string reason);

    [LoggerMessage(EventName = "RelayEnded", Level = LogLevel.Debug, Message = "A WebSocket ended: {Error}")]
    private partial void LogEnd(ForwarderError error, Exception? exception);

    private sealed record Failure(ForwarderError Error, Exception? Exception) : IForwarderErrorFeature;
}
