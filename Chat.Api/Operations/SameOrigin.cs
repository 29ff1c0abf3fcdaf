namespace Chat.Api.Operations;

/// <summary>Refuses what a page from elsewhere has a browser do: in Development there is no key that such a page would lack.</summary>
internal sealed class SameOrigin : IEndpointFilter
{
    private static readonly IResult Refused = TypedResults.Problem(
        "A page from elsewhere may not do this.", statusCode: StatusCodes.Status403Forbidden, extensions: [new("code", "other_origin")]);

    public ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next) =>
        IsFromHere(context.HttpContext.Request) ? next(context) : ValueTask.FromResult<object?>(Refused);

    // A browser says where a request comes from, and no page can make it lie. Who is no browser says nothing.
    private static bool IsFromHere(HttpRequest request)
    {
        if (request.Headers["Sec-Fetch-Site"] is [var site, ..])
        {
            return site is "same-origin" or "none"; // none: the person at the browser, by its address bar
        }

        // A browser that is older, or that is not sure of the network.
        return request.Headers.Origin.Count == 0
            || (request.Headers.Origin is [{ } origin] && Uri.TryCreate(origin, UriKind.Absolute, out var uri) && IsHost(uri, request));
    }

    // The edge may be asked at another name than it asks the node at.
    private static bool IsHost(Uri origin, HttpRequest request) =>
        new[] { request.Host.Value, request.Headers["X-Forwarded-Host"].ToString() }.Contains(origin.Authority, StringComparer.OrdinalIgnoreCase);
}
