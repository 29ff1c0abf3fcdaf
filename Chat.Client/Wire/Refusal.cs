using System.Net.Http.Headers;
using System.Net.WebSockets;

namespace Chat.Client.Wire;

/// <summary>Finds out why a WebSocket was refused. The framework reports only the status. But the hub's negotiation is refused for the same reasons,
/// and states them in words.</summary>
internal static class Refusal
{
    private const int MostBytes = 4096;
    private const int MostWords = 300;

    /// <param name="hub">The address of the WebSocket.</param>
    /// <param name="token">The token with which the WebSocket was refused.</param>
    /// <param name="options">The options of the WebSocket.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <returns>The reason; null if it is not known.</returns>
    public static async Task<string?> WordsAsync(Uri hub, string token, ClientWebSocketOptions options, CancellationToken cancellationToken)
    {
        try
        {
            using var handler = new SocketsHttpHandler
            {
                AllowAutoRedirect = false,
                SslOptions = { RemoteCertificateValidationCallback = options.RemoteCertificateValidationCallback, ClientCertificates = options.ClientCertificates },
            };
            using var http = new HttpClient(handler) { MaxResponseContentBufferSize = MostBytes };
            using var request = new HttpRequestMessage(HttpMethod.Post, Negotiation(hub)) { Headers = { Authorization = new AuthenticationHeaderValue("Bearer", token) } };
            using var answer = await http.SendAsync(request, cancellationToken).ConfigureAwait(false);
            if (answer.IsSuccessStatusCode || answer.Content.Headers.ContentType?.MediaType != "text/plain")
            {
                return null;
            }

            var words = (await answer.Content.ReadAsStringAsync(cancellationToken).ConfigureAwait(false)).Trim();
            return words.Length is > 0 and <= MostWords ? words : null;
        }
        catch (Exception)
        {
            return null; // unimportant compared with the refusal itself, whatever it is
        }
    }

    private static Uri Negotiation(Uri hub) =>
        new UriBuilder(hub) { Scheme = hub.Scheme == "wss" ? "https" : "http", Path = hub.AbsolutePath + "/negotiate", Query = "negotiateVersion=1" }.Uri;
}
