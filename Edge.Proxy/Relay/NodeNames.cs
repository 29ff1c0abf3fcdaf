using System.Net;
using System.Net.Sockets;

namespace Edge.Proxy.Relay;

/// <summary>Finds the addresses of nodes that are known by a name.</summary>
/// <remarks>The runtime does one lookup of a name after the other, and each takes as long as the name server does. So those who come while there is a
/// lookup, or shortly after one has begun, share it, and nobody waits longer than for a connection.</remarks>
internal sealed class NodeNames(TimeProvider time, Func<string, Task<IPAddress[]>> lookUp)
{
    // A node that does not accept within this time is as good as gone; the next one is tried.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Age = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new(); // guards _latest
    private readonly Dictionary<string, (Task<IPAddress[]> Addresses, long Began)> _latest = new(StringComparer.OrdinalIgnoreCase);

    /// <exception cref="HttpRequestException">There are none, or they were not found in time. An HTTP client would throw the same.</exception>
    /// <exception cref="OperationCanceledException">Nobody waits for them any more.</exception>
    public async Task<IPAddress[]> ResolveAsync(Uri node, CancellationToken cancellationToken)
    {
        try
        {
            var addresses = await Latest(node.DnsSafeHost).WaitAsync(Patience, time, cancellationToken);
            return addresses.Length > 0 ? addresses : throw new SocketException((int)SocketError.HostNotFound);
        }
        catch (SocketException exception)
        {
            throw new HttpRequestException(HttpRequestError.NameResolutionError, $"{exception.Message} ({node.Authority})", exception);
        }
        catch (TimeoutException exception)
        {
            throw new HttpRequestException(HttpRequestError.ConnectionError, $"The node's name was not found in time. ({node.Authority})", exception);
        }
    }

    private Task<IPAddress[]> Latest(string name)
    {
        lock (_gate)
        {
            foreach (var (other, (addresses, began)) in _latest)
            {
                if (addresses.IsCompleted && time.GetElapsedTime(began) >= Age)
                {
                    _latest.Remove(other);
                }
            }

            if (!_latest.TryGetValue(name, out var latest))
            {
                _latest[name] = latest = (lookUp(name), time.GetTimestamp());
                _ = latest.Addresses.ContinueWith(static task => task.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default); // perhaps nobody awaits
            }

            return latest.Addresses;
        }
    }
}
