using Microsoft.IdentityModel.Protocols;

namespace Chat.Api.Auth;

/// <summary>Reads an issuer's documents over HTTP; its exceptions say what happened, where the library's own hide it.</summary>
internal sealed class IssuerDocuments(HttpClient http, bool requireHttps) : IDocumentRetriever
{
    public Task<string> GetDocumentAsync(string address, CancellationToken cancel)
    {
        var url = new Uri(address); // the second one comes from the first document
        return !requireHttps || url.Scheme == Uri.UriSchemeHttps
            ? http.GetStringAsync(url, cancel)
            : throw new InvalidOperationException($"{address} is not https.");
    }
}
