using Microsoft.Extensions.Hosting;

namespace AppHost;

/// <summary>The links in the dashboard, with their names.</summary>
internal static class ClusterLinks
{
    private const string Http = "http";

    /// <param name="edge">The one public door. The links are shown there.</param>
    /// <param name="nodes">In Development, they have the API's document. It does not go through the edge.</param>
    public static IResourceBuilder<ProjectResource> WithLinks(this IResourceBuilder<ProjectResource> edge, IResourceBuilder<ProjectResource> nodes)
    {
        edge.WithUrlForEndpoint(Http, static url => url.DisplayText = "Chat");
        edge.WithUrlForEndpoint(Http, static _ => new ResourceUrlAnnotation { Url = "/ops/", DisplayText = "Operations" });
        if (edge.ApplicationBuilder.Environment.IsDevelopment())
        {
            var api = nodes.GetEndpoint(Http);
            edge.WithUrlForEndpoint(Http, _ => new ResourceUrlAnnotation { Url = $"{api.Url}/scalar", DisplayText = "API document" });
        }

        return edge;
    }
}
