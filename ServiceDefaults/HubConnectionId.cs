using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Primitives;

namespace ServiceDefaults;

/// <summary>The id of a hub connection, which SignalR's clients put into every request's query as <c>id</c>.</summary>
/// <remarks><see cref="QueryToken"/> takes it out of the URL. From then on it travels as a header, also from the edge to the node, and
/// <see cref="Restore"/> shows it to SignalR's transports.</remarks>
public static class HubConnectionId
{
    /// <summary>The header that carries the id once the URL has been read.</summary>
    public const string Header = "X-Connection-Id";

    internal const string Parameter = "id";

    /// <summary>The request's connection id; empty if it has none.</summary>
    public static string Of(HttpContext http) => http.Request.Headers[Header].ToString();

    /// <summary>Puts the id back into <see cref="HttpRequest.Query"/>, where the transports look for it, but not into any URL.</summary>
    public static void Restore(HttpContext http)
    {
        if (Of(http) is { Length: > 0 } id)
        {
            var query = new Dictionary<string, StringValues>(QueryHelpers.ParseQuery(http.Request.QueryString.Value), StringComparer.OrdinalIgnoreCase)
            {
                [Parameter] = id,
            };
            http.Features.Set<IQueryFeature>(new QueryFeature(new QueryCollection(query)));
        }
    }
}
