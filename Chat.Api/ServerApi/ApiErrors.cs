using System.Text.Json;
using Chat.Api.Backplane;
using StackExchange.Redis;

namespace Chat.Api.ServerApi;

/// <summary>Finds the problem for any other way in which a call may fail: an exception of the framework, of Redis or of ours, or a status that was
/// set without a body.</summary>
internal static class ApiErrors
{
    public static ApiProblem Of(Exception exception, HttpRequest request) => exception switch
    {
        JsonException json => ApiProblem.Malformed(Where(json)),
        BadHttpRequestException { InnerException: JsonException json } => ApiProblem.Malformed(Where(json)),
        BadHttpRequestException bad => Of(bad.StatusCode) ?? (HttpMethods.IsPost(request.Method) ? ApiProblem.Malformed("there is none") : ApiQuery.Of(bad)),
        IOException { InnerException: OverflowException } => ApiProblem.Malformed("it cannot be read"), // a chunk whose size no number type can hold
        TopicBusyException => ApiProblem.TopicBusy,
        BackplaneUnavailableException or RedisException or TimeoutException => ApiProblem.Unavailable,
        _ => ApiProblem.Fault,
    };

    public static ApiProblem? Of(int status) => status switch
    {
        StatusCodes.Status404NotFound => ApiProblem.NotFound,
        StatusCodes.Status405MethodNotAllowed => ApiProblem.WrongMethod,
        StatusCodes.Status408RequestTimeout => ApiProblem.BodyTooSlow,
        StatusCodes.Status413PayloadTooLarge => ApiProblem.BodyTooBig,
        StatusCodes.Status415UnsupportedMediaType => ApiProblem.NotJson,
        _ => null,
    };

    // The library's own message names types of this program. Only its end says what is missing.
    private static string Where(JsonException json)
    {
        const string Missing = "missing required properties including: ";
        var at = json.Message.IndexOf(Missing, StringComparison.Ordinal);
        return at >= 0 ? $"missing are {json.Message[(at + Missing.Length)..].TrimEnd('.')}"
            : json.Path is { Length: > 1 and < 100 } path && path.All(char.IsAscii) ? $"wrong or unknown at {path}" : "it cannot be read";
    }
}
