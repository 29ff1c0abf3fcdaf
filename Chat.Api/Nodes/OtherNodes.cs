namespace Chat.Api.Nodes;

/// <summary>Asks the other nodes directly. A node that has lost Redis can still do that.</summary>
internal sealed class OtherNodes(LiveNodes live, NodeSelf self) : IDisposable
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(2);
    private const int MostAsked = 5; // enough for an answer, however large the cluster

    private readonly HttpClient _http = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = false, PooledConnectionIdleTimeout = TimeSpan.FromSeconds(10) })
    {
        Timeout = Timeout,
        MaxResponseContentBufferSize = 64 * 1024,
    };

    /// <summary>Whether one of the nodes that were last seen alive says that it is ready for clients. Asks some of them, at random, all at
    /// once.</summary>
    public async Task<bool> AnyReadyAsync(CancellationToken cancellationToken)
    {
        NodeInfo[] others = [.. live.Nodes.Values.Where(node => node.Id != self.Id && node.State == NodeState.Ready)];
        Random.Shared.Shuffle(others);
        var answers = await Task.WhenAll(others.Take(MostAsked).Select(node => IsReadyAsync(node, cancellationToken)));
        return answers.Contains(true);
    }

    public void Dispose() => _http.Dispose();

    private async Task<bool> IsReadyAsync(NodeInfo node, CancellationToken cancellationToken)
    {
        try
        {
            using var answer = await _http.GetAsync(new Uri(new Uri(node.Address), "/health"), cancellationToken);
            return answer.IsSuccessStatusCode;
        }
        catch (Exception exception) when (exception is HttpRequestException or UriFormatException || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return false; // not reachable, or too slow, which is as good as not ready
        }
    }
}
