using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Chat.Api.ServerApi;

/// <summary>Reads the JSON of a body that has arrived (<see cref="ApiCalls"/>).</summary>
internal static class ApiBody
{
    /// <exception cref="JsonException">It is not the JSON that the call takes.</exception>
    /// <exception cref="BadHttpRequestException">There is none, or it is not JSON at all.</exception>
    public static ValueTask<T> ReadAsync<T>(HttpRequest request, JsonTypeInfo<T> type)
        where T : class
    {
        if (request.ContentType is not ("application/json" or "application/json; charset=utf-8") || !request.BodyReader.TryRead(out var body))
        {
            return ReadOtherAsync(request, type);
        }

        try
        {
            var utf8 = body.Buffer.IsSingleSegment ? body.Buffer.FirstSpan : body.Buffer.ToArray();
            return new(Present(utf8.IsEmpty ? null : JsonSerializer.Deserialize(utf8.StartsWith(Encoding.UTF8.Preamble) ? utf8[Encoding.UTF8.Preamble.Length..] : utf8, type)));
        }
        finally
        {
            request.BodyReader.AdvanceTo(body.Buffer.End);
        }
    }

    // In another encoding, or with parameters.
    private static async ValueTask<T> ReadOtherAsync<T>(HttpRequest request, JsonTypeInfo<T> type)
        where T : class =>
        request.HasJsonContentType() ? Present(await request.ReadFromJsonAsync(type))
            : throw new BadHttpRequestException("The body is not JSON.", StatusCodes.Status415UnsupportedMediaType);

    private static T Present<T>(T? body) => body ?? throw new BadHttpRequestException("There is no body.");
}
