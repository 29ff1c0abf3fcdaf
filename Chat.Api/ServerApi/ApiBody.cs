using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Net.Http.Headers;

namespace Chat.Api.ServerApi;

/// <summary>Reads the JSON of a body that has arrived (<see cref="ApiCalls"/>).</summary>
internal static class ApiBody
{
    /// <summary>Finds the encoding that the body's content type names. The name may stand in quotes (RFC 9110, section 5.6.6), which the framework
    /// takes for a part of the name. This method removes them.</summary>
    /// <returns>False if there is no such encoding.</returns>
    public static bool TryFindEncoding(HttpRequest request)
    {
        if (IsUsual(request.ContentType) || !MediaTypeHeaderValue.TryParse(request.ContentType, out var type)
            || NameValueHeaderValue.Find(type.Parameters, "charset") is not { } charset)
        {
            return true; // UTF-8; or no JSON at all, which the reader of the body reports
        }

        var name = HeaderUtilities.UnescapeAsQuotedString(charset.Value);
        if (!IsEncoding(name.ToString()))
        {
            return false;
        }

        charset.Value = name;
        request.ContentType = type.ToString();
        return true;
    }

    /// <exception cref="JsonException">The body is not the JSON that the call takes.</exception>
    /// <exception cref="BadHttpRequestException">There is no body, or it is not JSON at all.</exception>
    public static ValueTask<T> ReadAsync<T>(HttpRequest request, JsonTypeInfo<T> type)
        where T : class
    {
        if (!IsUsual(request.ContentType) || !request.BodyReader.TryRead(out var body))
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

    private static bool IsUsual(string? type) => type is "application/json" or "application/json; charset=utf-8";

    private static bool IsEncoding(string name)
    {
        try
        {
            return name.Length > 0 && Encoding.GetEncoding(name) is not null;
        }
        catch (Exception exception) when (exception is ArgumentException or NotSupportedException)
        {
            return false; // unknown, or UTF-7, which is known to be dangerous
        }
    }

    // For a body in another encoding, or a content type with other parameters.
    private static async ValueTask<T> ReadOtherAsync<T>(HttpRequest request, JsonTypeInfo<T> type)
        where T : class =>
        request.HasJsonContentType() ? Present(await request.ReadFromJsonAsync(type))
            : throw new BadHttpRequestException("The body is not JSON.", StatusCodes.Status415UnsupportedMediaType);

    private static T Present<T>(T? body) => body ?? throw new BadHttpRequestException("There is no body.");
}
