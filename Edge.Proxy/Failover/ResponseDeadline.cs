using Edge.Proxy.Requests;
using Microsoft.Extensions.Options;
using Yarp.ReverseProxy.Forwarder;

namespace Edge.Proxy.Failover;

/// <summary>
/// Limits the wait for the first answer of a node that accepts connections but hangs, so that the request can move on
/// to another node. Whatever follows the headers - a WebSocket, a stream - is limited by the activity timeout alone.
/// </summary>
internal sealed class ResponseDeadline(IOptions<EdgeOptions> options, ILogger<ForwarderHttpClientFactory> logger)
    : ForwarderHttpClientFactory(logger)
{
    private static readonly TimeSpan ForRequest = TimeSpan.FromSeconds(30);

    // A poll without news is answered after 90 s, the default of the hub's server.
    private static readonly TimeSpan ForLongPoll = TimeSpan.FromMinutes(2);

    // A node that does not accept within this time is as good as gone; the next one is tried.
    private static readonly TimeSpan ForConnect = TimeSpan.FromSeconds(3);

    protected override void ConfigureHandler(ForwarderHttpClientContext context, SocketsHttpHandler handler)
    {
        base.ConfigureHandler(context, handler);
        handler.ConnectTimeout = ForConnect;
    }

    protected override HttpMessageHandler WrapHandler(ForwarderHttpClientContext context, HttpMessageHandler handler) =>
        new Deadline(base.WrapHandler(context, handler), For);

    private TimeSpan For(HttpRequestMessage request)
    {
        var path = request.RequestUri!.AbsolutePath;
        if (request.Headers.Upgrade.Count > 0 || path.EndsWith("/negotiate", StringComparison.OrdinalIgnoreCase))
        {
            return options.Value.UpgradeTimeout;
        }

        return request.Method == HttpMethod.Get && path.StartsWith(RequestKind.HubPath, StringComparison.OrdinalIgnoreCase)
            ? ForLongPoll
            : ForRequest;
    }

    private sealed class Deadline(HttpMessageHandler inner, Func<HttpRequestMessage, TimeSpan> timeout) : DelegatingHandler(inner)
    {
        protected override async Task<HttpResponseMessage> SendAsync(
            HttpRequestMessage request, CancellationToken cancellationToken)
        {
            using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            deadline.CancelAfter(timeout(request));
            try
            {
                return await base.SendAsync(request, deadline.Token);
            }
            catch (OperationCanceledException silence) when (deadline.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
            {
                throw new HttpRequestException("The node did not answer in time.", new TimeoutException(silence.Message, silence));
            }
        }
    }
}
