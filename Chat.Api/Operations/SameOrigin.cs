namespace Chat.Api.Operations;

/// <summary>Refuses requests that another site's page makes a browser send: in Development no key is needed, which such a page would lack.</summary>
internal sealed class SameOrigin : IEndpointFilter
{
    private static readonly IResult Refused = TypedResults.Problem(
        "A page from elsewhere may not do this.", statusCode: StatusCodes.Status403Forbidden, extensions: [new("code", "other_origin")]);

    public ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next) =>
        IsFromHere(context.HttpContext.Request) ? next(context) : ValueTask.FromResult<object?>(Refused);

    // A browser says where a request comes from, and no page can make it lie. A client that is no browser says nothing.
    private static bool IsFromHere(HttpRequest request)
    {
        if (request.Headers["Sec-Fetch-Site"] is [var site, ..])
        {
            return site is "same-origin" or "none"; // none: the user typed the address
        }

        // An older browser, or one that does not trust the network.
        return request.Headers.Origin.Count == 0
            || (request.Headers.Origin is [{ } origin] && Uri.TryCreate(origin, UriKind.Absolute, out var uri) && IsHost(uri, request));
    }

    // The edge may be called by another name than the one by which it calls the node.
    private static bool IsHost(Uri origin, HttpRequest request) =>
        new[] { request.Host.Value, request.Headers["X-Forwarded-Host"].ToString() }.Contains(origin.Authority, StringComparer.OrdinalIgnoreCase);
}
