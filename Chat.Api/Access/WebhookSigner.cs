using System.Net;
using Chat.Api.Webhooks;

namespace Chat.Api.Access;

/// <summary>Signs each attempt with its own time, and reads the whole answer, so that the attempt's time limit covers the reading, too.</summary>
internal sealed class WebhookSigner(WebhookSignature signature, TimeProvider time) : DelegatingHandler
{
    public static readonly HttpRequestOptionsKey<string> Id = new("webhook id");

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        request.Headers.Remove(WebhookSignature.IdHeader);
        request.Headers.Remove(WebhookSignature.TimestampHeader);
        request.Headers.Remove(WebhookSignature.SignatureHeader);
        request.Options.TryGetValue(Id, out var id);
        signature.Sign(request, id!, time.GetUtcNow(), await request.Content!.ReadAsByteArrayAsync(cancellationToken));
        var response = await base.SendAsync(request, cancellationToken);
        if (response.StatusCode != HttpStatusCode.OK)
        {
            return response; // the status says everything: a 403 with a long page, or half of one, is a no
        }

        try
        {
            await response.Content.LoadIntoBufferAsync(WebhookAnswer.MaxBytes, cancellationToken);
            return response;
        }
        catch
        {
            response.Dispose();
            throw;
        }
    }
}
