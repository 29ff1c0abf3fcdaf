using System.Net;
using Edge.Proxy.Affinity;
using Edge.Proxy.Capacity;
using Edge.Proxy.Requests;
using Microsoft.AspNetCore.Http.Features;
using Yarp.ReverseProxy.Forwarder;

namespace Edge.Proxy.Failover;

/// <summary>A request's attempts at one node after the other. Decides whether the next node may be tried.</summary>
/// <param name="http">The request.</param>
/// <param name="limit">How many nodes may answer with 503 before the client gets that answer.</param>
/// <param name="time">The time.</param>
internal sealed class Attempt(HttpContext http, int limit, TimeProvider time)
{
    // A body that was sent is gone. A request without one - a WebSocket upgrade, a GET, a hub's negotiation - can be sent again.
    private readonly bool _repeatable = http.Features.Get<IHttpRequestBodyDetectionFeature>()?.CanHaveBody != true
        && (HttpMethods.IsGet(http.Request.Method) || HttpMethods.IsHead(http.Request.Method)
            || HttpMethods.IsConnect(http.Request.Method) || http.Request.IsNegotiate());

    // A node that leaves or is full says so at once. A node that waited for something first, most likely for Redis, says
    // what all the others would say after the same wait.
    private static readonly TimeSpan Promptly = TimeSpan.FromSeconds(1);

    private readonly long _start = time.GetTimestamp();
    private bool _turnedAway;
    private int _answered;

    private bool _hasNext;

    /// <summary>When the current node was asked.</summary>
    public long Asked { get; private set; }

    /// <summary>Whether the request has only just begun.</summary>
    public bool IsPrompt => time.GetElapsedTime(_start) < Promptly;

    // A request that is bound to its node has nowhere to move on to.
    private bool CanMoveOn => _hasNext && http.Features.Get<HubBond>() is null;

    /// <summary>Begins the attempt at a node.</summary>
    /// <param name="hasNext">Whether another node is left after it.</param>
    public void Begin(bool hasNext)
    {
        _hasNext = hasNext;
        Asked = time.GetTimestamp();
    }

    /// <summary>Notes the node's answer. Returns true if it is 503, from a node that is leaving or full, and another may do
    /// better.</summary>
    public bool TurnsAway(HttpResponseMessage? response) =>
        _turnedAway = response?.StatusCode == HttpStatusCode.ServiceUnavailable
            && ++_answered < limit
            && CanMoveOn
            && _repeatable
            && IsPrompt;

    public bool MayMoveOn()
    {
        if (!CanMoveOn || http.Response.HasStarted || http.RequestAborted.IsCancellationRequested)
        {
            return false;
        }

        return _turnedAway
            || http.GetForwarderErrorFeature() is { } error
                && OwnFaults.Of(error.Exception) != OwnFault.OpenFiles
                && (NeverConnected(error) || (_repeatable && error.Error == ForwarderError.Request));
    }

    /// <summary>Whether the node is to blame, and not the client: it was not reached, or it ended or stalled before it answered.</summary>
    public static bool NodeFailed(IForwarderErrorFeature error) => error.Error == ForwarderError.Request || NeverConnected(error);

    /// <summary>Whether the node was not reached at all: it refused, has no known address, or was silent while connecting. Nothing was sent.</summary>
    public static bool NeverConnected(IForwarderErrorFeature error) => error.Exception switch
    {
        HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError } => true,
        // This is how the HTTP client reports its connect timeout, in contrast to a canceled request.
        OperationCanceledException { InnerException: TimeoutException } => error.Error == ForwarderError.RequestTimedOut,
        _ => false,
    };

    /// <summary>Whether the wait for the node timed out. A node that is gone would have refused.</summary>
    public static bool TimedOut(IForwarderErrorFeature error) => error.Exception is { InnerException: TimeoutException };

    /// <summary>Whether the node took the request and did not answer (<see cref="ResponseDeadline"/>).</summary>
    public static bool NeverAnswered(IForwarderErrorFeature error) =>
        error.Exception is HttpRequestException { InnerException: TimeoutException };
}
