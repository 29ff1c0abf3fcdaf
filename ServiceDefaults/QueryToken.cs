using System.Buffers;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;

namespace ServiceDefaults;

/// <summary>
/// Takes secrets out of the URL. Browsers cannot set a header on a WebSocket or an event stream, so their token comes as the query parameter
/// <c>access_token</c>. SignalR's clients put the id of their connection, <c>id</c>, into every request. And URLs end up in logs, traces and the next
/// server's request.
/// </summary>
/// <remarks>
/// Guarantee: nothing after the server's own parsing sees the parameters: not the line "Request starting", not the activity, not middleware. On the
/// paths below <c>/signalr/</c> and <c>/chat/</c>, the token becomes the header <c>Authorization: Bearer …</c>, unless the request has one. On all
/// other paths, it is dropped. Several different tokens are dropped as well, and so is a token that no bearer header could carry: the request then
/// has no token. An id below <c>/signalr/</c> becomes the header <see cref="HubConnectionId.Header"/>. Elsewhere it stays, because it is something else.
/// </remarks>
public static class QueryToken
{
    private const string Parameter = "access_token";
    private const string HubPath = "/signalr/";
    private static readonly string[] Paths = [HubPath, "/chat/"];

    // RFC 6750, section 2.1: b64token. Any other character could not be told from the rest of the header, or would end it.
    private static readonly SearchValues<char> Allowed =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/=");

    public static IServiceCollection AddQueryTokens(this IServiceCollection services) =>
        services.AddSingleton<IHttpContextFactory, ContextFactory>();

    private static void Move(IHttpRequestFeature request)
    {
        if (TryTake(request, Parameter, out var token)
            && token is not null
            && string.IsNullOrEmpty(request.Headers.Authorization)
            && Paths.Any(path => request.Path.StartsWith(path, StringComparison.OrdinalIgnoreCase)))
        {
            request.Headers.Authorization = "Bearer " + token;
        }

        if (request.Path.StartsWith(HubPath, StringComparison.OrdinalIgnoreCase)
            && TryTake(request, HubConnectionId.Parameter, out var id))
        {
            request.Headers[HubConnectionId.Header] = id;
        }
    }

    /// <summary>Takes a parameter out of the request. Returns false if it has none.</summary>
    private static bool TryTake(IHttpRequestFeature request, string parameter, out string? value)
    {
        value = null;
        var query = request.QueryString;
        if (query.Length < 2 || !MayHold(query, parameter) || Remove(query, parameter, out value) is not { } rest)
        {
            return false;
        }

        request.QueryString = rest;
        if (request.RawTarget.IndexOf('?', StringComparison.Ordinal) is var at and >= 0)
        {
            request.RawTarget = request.RawTarget[..at] + rest;
        }

        return true;
    }

    private static bool MayHold(string query, string parameter) =>
        query.Contains('%', StringComparison.Ordinal) || query.Contains(parameter, StringComparison.OrdinalIgnoreCase);

    /// <summary>The query without the parameter; null if the query does not have it. The value is null if there are several different ones, or if no
    /// header could carry it.</summary>
    private static string? Remove(string query, string parameter, out string? found)
    {
        found = null;
        StringBuilder? rest = null;
        var isOne = true;
        var text = query.AsSpan(1);
        foreach (var range in text.Split('&'))
        {
            var pair = text[range];
            var end = pair.IndexOf('=') is var at and >= 0 ? at : pair.Length;
            if (Is(pair[..end], parameter))
            {
                // Everything before it stays as it is.
                rest ??= new StringBuilder(query, 0, range.Start.Value, query.Length);
                var value = end < pair.Length ? Uri.UnescapeDataString(pair[(end + 1)..]) : "";
                isOne &= found is null || found == value;
                found = value;
            }
            else
            {
                rest?.Append(rest.Length == 0 ? '?' : '&').Append(pair);
            }
        }

        found = isOne && IsBearer(found) ? found : null;
        return rest?.ToString();
    }

    // Compares as the framework's own parser does: decoded, without regard to case.
    private static bool Is(ReadOnlySpan<char> name, string parameter) =>
        name.Length >= parameter.Length
        && (name.Contains('%') ? Uri.UnescapeDataString(name) : name).Equals(parameter, StringComparison.OrdinalIgnoreCase);

    private static bool IsBearer(string? token) => token is { Length: > 0 } && !token.AsSpan().ContainsAnyExcept(Allowed);

    private sealed class ContextFactory(IServiceProvider services) : IHttpContextFactory
    {
        private readonly DefaultHttpContextFactory _inner = new(services);

        // This is the first thing that happens to a request; the next is the server's logging and tracing of it.
        public HttpContext Create(IFeatureCollection featureCollection)
        {
            var request = featureCollection.GetRequiredFeature<IHttpRequestFeature>();
            if (!string.IsNullOrEmpty(request.QueryString)) // null in a CONNECT over HTTP/2, as the path is
            {
                Move(request);
            }

            return _inner.Create(featureCollection);
        }

        public void Dispose(HttpContext httpContext) => _inner.Dispose(httpContext);
    }
}
