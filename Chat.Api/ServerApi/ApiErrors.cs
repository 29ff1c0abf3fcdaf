using System.Text.Json;
using Chat.Api.Backplane;
using StackExchange.Redis;

namespace Chat.Api.ServerApi;

/// <summary>Turns whatever else a call may end in into a problem: an exception of the framework, of Redis or of ours, or a status that was set
/// without a word.</summary>
internal sealed partial class ApiErrors(RequestDelegate next, ILogger<ApiErrors> logger)
{
    public async Task InvokeAsync(HttpContext http)
    {
        try
        {
            await next(http);
        }
        catch (Exception exception) when (!http.Response.HasStarted)
        {
            var problem = Of(exception, http.Request);
            if (http.RequestAborted.IsCancellationRequested && problem == ApiProblem.Fault)
            {
                return; // nobody is left to be told
            }

            if (problem == ApiProblem.Fault)
            {
                Log.Failed(logger, exception);
            }

            await problem.ExecuteAsync(http);
            return;
        }

        if (!http.Response.HasStarted && Of(http.Response.StatusCode) is { } unsaid)
        {
            await unsaid.ExecuteAsync(http);
        }
    }

    private static ApiProblem Of(Exception exception, HttpRequest request) => exception switch
    {
        BadHttpRequestException { InnerException: JsonException json } => ApiProblem.Malformed(Where(json)),
        BadHttpRequestException bad => Of(bad.StatusCode) ?? (HttpMethods.IsGet(request.Method) ? ApiProblem.InvalidQuery : ApiProblem.Malformed("there is none")),
        TopicBusyException => ApiProblem.TopicBusy,
        BackplaneUnavailableException or RedisException or TimeoutException => ApiProblem.Unavailable,
        _ => ApiProblem.Fault,
    };

    private static ApiProblem? Of(int status) => status switch
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

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Error, EventName = "ApiCallFailed", Message = "A call of the server API failed.")]
        public static partial void Failed(ILogger logger, Exception exception);
    }
}
