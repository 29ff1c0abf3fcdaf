using System.Net;
using Edge.Proxy.Nodes;
using ServiceDefaults.Nodes;
using Yarp.ReverseProxy;

namespace Edge.Proxy.Stopping;

/// <summary>Tells the nodes that this edge stops, so that they send its clients elsewhere.</summary>
/// <remarks>It goes straight to each node instead of over Redis, which may be away at that very moment. The nodes pass it on to others.</remarks>
internal sealed partial class StopNotice(IProxyStateLookup proxy, EdgeIdentity identity, TimeProvider time, ILogger<StopNotice> logger) : IDisposable
{
    private const int Attempts = 3;
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(2); // of each attempt
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(300);

    private readonly HttpMessageInvoker _http = new(new SocketsHttpHandler
    {
        UseProxy = false,
        UseCookies = false,
        AllowAutoRedirect = false,
        ActivityHeadersPropagator = null,
    });

    /// <summary>Returns false if no node could be told.</summary>
    public async Task<bool> SendAsync(CancellationToken hurry)
    {
        if (!proxy.TryGetCluster(NodeDestinations.Cluster, out var nodes))
        {
            return false;
        }

        var told = await Task.WhenAll(nodes.DestinationsState.AllDestinations
            .Select(node => SendAsync(node.DestinationId, new Uri(node.Model.Config.Address.TrimEnd('/') + EdgeStop.Path), hurry)));
        return told.Contains(true);
    }

    public void Dispose() => _http.Dispose();

    private async Task<bool> SendAsync(string node, Uri address, CancellationToken hurry)
    {
        for (var attempt = 1; ; attempt++)
        {
            var failure = await TrySendAsync(address, hurry);
            if (failure is null)
            {
                return true;
            }

            if (attempt == Attempts || hurry.IsCancellationRequested)
            {
                LogNotTold(node, failure);
                return false;
            }

            await Task.Delay(Pause, time, hurry).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Returns null, or why it failed.</summary>
    private async Task<string?> TrySendAsync(Uri address, CancellationToken hurry)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, address) { Headers = { { EdgeStop.StoppedHeader, identity.Id } } };
        using var timeout = new CancellationTokenSource(Timeout, time);
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, hurry);
        try
        {
            using var answer = await _http.SendAsync(request, deadline.Token);
            return answer.StatusCode == HttpStatusCode.NoContent ? null : $"it answered {(int)answer.StatusCode}";
        }
        catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException)
        {
            return exception is HttpRequestException ? exception.Message : $"no answer within {Timeout.TotalSeconds} s";
        }
    }

    [LoggerMessage(EventName = "NodeNotTold", Level = LogLevel.Warning, Message = "Node {Node} could not be told that this edge is stopping; its clients will be cut off: {Reason}")]
    private partial void LogNotTold(string node, string reason);
}
