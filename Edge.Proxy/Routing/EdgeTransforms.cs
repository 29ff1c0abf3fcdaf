using System.Text;
using Edge.Proxy.Failover;
using Edge.Proxy.Nodes;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;
using ServiceDefaults.Nodes;
using Yarp.ReverseProxy.Transforms;
using Yarp.ReverseProxy.Transforms.Builder;

namespace Edge.Proxy.Routing;

/// <summary>Defines what the edge changes in requests and responses, and what it keeps: the <c>X-Forwarded-…</c> headers (YARP's defaults), the host,
/// <c>X-Node</c>, and the edge's own id.</summary>
/// <remarks>Forwarded headers from outside are replaced, not believed. Behind another proxy, the platform's switch
/// <c>ASPNETCORE_FORWARDEDHEADERS_ENABLED=true</c> makes the edge trust that proxy.</remarks>
internal sealed class EdgeTransforms(IOptions<EdgeOptions> options, EdgeIdentity identity, NodeAnswers answers) : ITransformProvider
{
    private const string NodeHeader = "X-Node";

    public void ValidateRoute(TransformRouteValidationContext context)
    {
    }

    public void ValidateCluster(TransformClusterValidationContext context)
    {
    }

    public void Apply(TransformBuilderContext context)
    {
        context.AddRequestTransform(KeepPath);
        context.AddRequestHeader(EdgeStop.Header, identity.Id, append: false); // replaces whatever the client put there
        if (options.Value.Upstream is not null)
        {
            // The platform routes by its own host name, and only the node itself knows which node it is.
            return;
        }

        context.AddOriginalHost();
        context.AddResponseTransform(OnResponse);
    }

    /// <summary>Passes an encoded path on as it came. Decoded and encoded anew, the id <c>a/b</c> (<c>a%2Fb</c>) would become another one.</summary>
    private static ValueTask KeepPath(RequestTransformContext context)
    {
        var target = context.HttpContext.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget.AsSpan();
        var path = target.IndexOf('?') is var query and >= 0 ? target[..query] : target;
        if (path.StartsWith('/') && path.Contains('%') && Ascii.IsValid(path))
        {
            context.ProxyRequest.RequestUri = new Uri(
                $"{context.DestinationPrefix.TrimEnd('/')}{path}{context.Query.QueryString.ToUriComponent()}",
                new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true }); // this server has accepted it
        }

        return ValueTask.CompletedTask;
    }

    private ValueTask OnResponse(ResponseTransformContext context)
    {
        var http = context.HttpContext;
        if (context.ProxyResponse is not null && http.GetReverseProxyFeature() is { ProxiedDestination: { } node } proxy)
        {
            answers.Note(proxy.Route.Cluster!, node);
            if (!http.Response.Headers.ContainsKey(NodeHeader))
            {
                // A node's server drops the header from answers that it makes itself, such as the one to an unhandled exception.
                http.Response.Headers[NodeHeader] = node.DestinationId;
            }
        }

        // The body is discarded when another node is asked instead.
        context.SuppressResponseBody = http.Features.Get<Attempt>()?.TurnsAway(context.ProxyResponse) == true;

        return ValueTask.CompletedTask;
    }
}
