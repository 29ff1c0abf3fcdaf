using System.Text.Json;
using Chat.Api.Backplane;
using StackExchange.Redis;

namespace Chat.Api.ServerApi;

/// <summary>The problem that whatever else a call may end in amounts to: an exception of the framework, of Redis or of ours, or a status that was set
/// without a word.</summary>
internal static class ApiErrors
{
    public static ApiProblem Of(Exception exception, HttpRequest request) => exception switch
    {
        JsonException json => ApiProblem.Malformed(Where(json)),
        BadHttpRequestException { InnerException: JsonException json } => ApiProblem.Malformed(Where(json)),
        BadHttpRequestException bad => Of(bad.StatusCode) ?? (HttpMethods.IsPost(request.Method) ? ApiProblem.Malformed("there is none") : ApiQuery.Of(bad)),
        IOException { InnerException: OverflowException } => ApiProblem.Malformed("it cannot be read"), // a chunk of more bytes than there are numbers for
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

    // The library's own sentence names types of this program. What is missing it says at its end only.
    private static string Where(JsonException json)
    {
        const string Missing = "missing required properties including: ";
        var at = json.Message.IndexOf(Missing, StringComparison.Ordinal);
        return at >= 0 ? $"missing are {json.Message[(at + Missing.Length)..].TrimEnd('.')}"
            : json.Path is { Length: > 1 and < 100 } path && path.All(char.IsAscii) ? $"wrong or unknown at {path}" : "it cannot be read";
    }
}
