using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.AspNetCore.Connections;

namespace Chat.Tests.Support;

/// <summary>Connects SignalR's .NET client over the transport that a test names, as <c>WithUrl</c> does in Microsoft's package.</summary>
internal sealed class HubConnectionFactory(HubTransport transport, Func<Uri> address, Func<string?> token, bool tokenInQuery) : IConnectionFactory
{
    private readonly CookieContainer _cookies = new(); // shared by the connections of a client, for the edge's affinity

    /// <summary>The latest connection.</summary>
    public HubLink? Link { get; private set; }

    public async ValueTask<ConnectionContext> ConnectAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(ChatClient.Deadline);
        var url = address();
        if (transport == HubTransport.WebSockets)
        {
            return Link = await ConnectWebSocketAsync(url, deadline.Token);
        }

        var http = NewHttpClient();
        try
        {
            var (id, node) = await NegotiateAsync(http, url, deadline.Token);
            var withId = With(url, $"id={Uri.EscapeDataString(id)}");
            HubLink link = transport switch
            {
                HubTransport.NegotiatedWebSockets => await ConnectWebSocketAsync(withId, deadline.Token),
                HubTransport.ServerSentEvents => await HubEventStreamLink.ConnectAsync(http, withId, node, deadline.Token),
                _ => await HubPollingLink.ConnectAsync(http, withId, node, deadline.Token),
            };
            link.ConnectionId = id;
            return Link = link;
        }
        catch
        {
            http.Dispose();
            throw;
        }
    }

    private static Uri With(Uri url, string query) => new(url.AbsoluteUri + (url.Query.Length == 0 ? '?' : '&') + query);

    private async Task<HubWebSocketLink> ConnectWebSocketAsync(Uri url, CancellationToken cancellationToken)
    {
        var value = token();
        return tokenInQuery && value is not null
            ? await HubWebSocketLink.ConnectAsync(With(url, $"access_token={Uri.EscapeDataString(value)}"), _cookies, null, cancellationToken)
            : await HubWebSocketLink.ConnectAsync(url, _cookies, value, cancellationToken);
    }

    private HttpClient NewHttpClient() => new(new Bearer(token, new SocketsHttpHandler { CookieContainer = _cookies }))
    {
        Timeout = Timeout.InfiniteTimeSpan, // a poll waits for as long as the server lets it
    };

    private async Task<(string Id, string Node)> NegotiateAsync(HttpClient http, Uri url, CancellationToken cancellationToken)
    {
        var negotiate = new UriBuilder(With(url, "negotiateVersion=1")) { Path = url.AbsolutePath + "/negotiate" }.Uri;
        using var answer = await http.PostAsync(negotiate, null, cancellationToken);
        if (answer.StatusCode != HttpStatusCode.OK)
        {
            throw new RefusedException((int)answer.StatusCode, answer.Headers.RetryAfter?.ToString());
        }

        var body = await answer.Content.ReadFromJsonAsync<JsonElement>(cancellationToken);
        var name = transport == HubTransport.NegotiatedWebSockets ? nameof(HubTransport.WebSockets) : transport.ToString();
        if (!body.GetProperty("availableTransports").EnumerateArray().Any(offer => offer.GetProperty("transport").GetString() == name))
        {
            throw new InvalidOperationException($"The server does not offer {name}: {body}");
        }

        return (body.GetProperty("connectionToken").GetString()!, answer.Headers.TryGetValues("X-Node", out var ids) ? ids.Single() : "");
    }

    private sealed class Bearer(Func<string?> token, HttpMessageHandler inner) : DelegatingHandler(inner)
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            request.Headers.Authorization = token() is { } value ? new AuthenticationHeaderValue("Bearer", value) : null;
            return base.SendAsync(request, cancellationToken);
        }
    }
}
