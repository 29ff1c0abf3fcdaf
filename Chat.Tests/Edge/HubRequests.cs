using System.Net;
using System.Net.Http.Json;
using System.Net.Http.Headers;
using System.Text.Json;

namespace Chat.Tests.Edge;

/// <summary>A browser's side of the hub without WebSockets: a cookie jar, a negotiation, and requests with its id.</summary>
internal sealed class HubRequests : IDisposable
{
    private readonly HttpClientHandler _handler = new() { CookieContainer = new CookieContainer() };
    private readonly HttpClient _http;

    public HubRequests() => _http = new HttpClient(_handler) { Timeout = TimeSpan.FromSeconds(15) }; // only a failing test waits

    /// <summary>The id from the last negotiation.</summary>
    public string Id { get; private set; } = "";

    /// <summary>The last <c>Set-Cookie</c>; null: the last negotiation set none.</summary>
    public string? SetCookie { get; private set; }

    /// <summary>The cookie as it would be sent.</summary>
    public string Cookie(Uri edge) => _handler.CookieContainer.GetCookieHeader(new Uri(edge, "/signalr/chat"));

    public void SendCookie(Uri edge, string cookie) => _handler.CookieContainer.SetCookies(new Uri(edge, "/signalr/chat"), cookie);

    /// <returns>The id of the node that answered.</returns>
    public async Task<string> NegotiateAsync(Uri edge)
    {
        using var answer = await _http.PostAsync(new Uri(edge, "/signalr/chat/negotiate?negotiateVersion=1"), null);
        answer.EnsureSuccessStatusCode();
        Id = (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("connectionToken").GetString()!;
        SetCookie = answer.Headers.TryGetValues("Set-Cookie", out var values) ? values.Single() : null;
        return answer.Headers.GetValues("X-Node").Single();
    }

    /// <returns>The status and the node's answer.</returns>
    public async Task<(int Status, string Text)> PollAsync(Uri edge) => await ReadAsync(await _http.GetAsync(Address(edge)));

    public async Task<(int Status, string Text)> SendAsync(Uri edge) =>
        await ReadAsync(await _http.PostAsync(Address(edge), new StringContent("{}\u001e")));

    /// <summary>Returns when the stream has begun.</summary>
    public async Task<Stream> StreamAsync(Uri edge)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, Address(edge));
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("text/event-stream"));
        var answer = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        answer.EnsureSuccessStatusCode();
        return await answer.Content.ReadAsStreamAsync();
    }

    public void Dispose()
    {
        _http.Dispose();
        _handler.Dispose();
    }

    private Uri Address(Uri edge) => new(edge, $"/signalr/chat?id={Id}");

    private static async Task<(int Status, string Text)> ReadAsync(HttpResponseMessage answer)
    {
        using (answer)
        {
            return ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync());
        }
    }
}
