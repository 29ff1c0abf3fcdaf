using Edge.Proxy.Affinity;
using Edge.Proxy.Capacity;
using Edge.Proxy.Nodes;
using Edge.Proxy.Requests;
using Microsoft.Extensions.Options;
using Yarp.ReverseProxy.Forwarder;
using Yarp.ReverseProxy.Model;

namespace Edge.Proxy.Failover;

/// <summary>
/// Tries the next node when one cannot be reached, died before it answered, or turns the client away, so that the client never meets
/// a node that is gone. When no node is left, the client gets 503 with Retry-After at once. When a few have turned it away, the rest are
/// not asked. Nodes that answer nobody (<see cref="NodeAnswers"/>) are not asked either. A request that is bound to one node
/// (<see cref="HubBond"/>) moves on to no other.
/// </summary>
internal sealed class FailoverMiddleware(RequestDelegate next, NodeAnswers answers, EdgeCapacity capacity, IOptions<EdgeOptions> options, TimeProvider time)
{
    public async Task InvokeAsync(HttpContext http)
    {
        var proxy = http.GetReverseProxyFeature();
        var nodes = proxy.AvailableDestinations;
        var attempt = new Attempt(http, options.Value.Attempts, time);
        http.Features.Set(attempt);
        while (true)
        {
            attempt.Begin(hasNext: nodes.Count > 1);
            // A client that has waited for one node is not to wait for the others as well.
            proxy.AvailableDestinations = answers.WorthAsking(nodes, mayTry: attempt.IsPrompt);
            await next(http);
            if (!attempt.MayMoveOn())
            {
                break;
            }

            nodes = [.. nodes.Where(node => node != proxy.ProxiedDestination)];
            Reset(http, proxy);
        }

        if (http.Response.HasStarted || http.GetForwarderErrorFeature() is not { } error)
        {
            return;
        }

        if (OwnFaults.Of(error.Exception) is var fault and not OwnFault.None)
        {
            capacity.Report(fault);
            await Unavailable.EdgeFullAsync(http);
        }
        else if (http.Features.Get<HubBond>() is not null && Attempt.NodeFailed(error))
        {
            await NoConnectionPolicy.WriteAsync(http);
        }
        else if (Attempt.NeverConnected(error) || Attempt.NeverAnswered(error))
        {
            await Unavailable.NoNodeAsync(http);
        }
    }

    private static void Reset(HttpContext http, IReverseProxyFeature proxy)
    {
        http.Response.Clear();
        http.Features.Set<IForwarderErrorFeature>(null);
        proxy.ProxiedDestination = null;
    }
}
