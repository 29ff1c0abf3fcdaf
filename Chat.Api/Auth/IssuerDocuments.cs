using Microsoft.IdentityModel.Protocols;

namespace Chat.Api.Auth;

/// <summary>Reads an issuer's documents over HTTP. Its exceptions say what happened, whereas the library's own hide it.</summary>
internal sealed class IssuerDocuments(HttpClient http, bool requireHttps) : IDocumentRetriever
{
    public Task<string> GetDocumentAsync(string address, CancellationToken cancel)
    {
        var url = new Uri(address); // the second address comes from the first document
        return !requireHttps || url.Scheme == Uri.UriSchemeHttps
            ? http.GetStringAsync(url, cancel)
            : throw new InvalidOperationException($"{address} is not https.");
    }
}
