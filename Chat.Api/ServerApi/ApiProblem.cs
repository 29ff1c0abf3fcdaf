using System.Globalization;
using Chat.Api.Messages;

namespace Chat.Api.ServerApi;

/// <summary>The reason why a call was not done, as a problem of RFC 9457. The code is for programs, the sentence for people; neither repeats what the
/// caller sent.</summary>
internal sealed record ApiProblem(int Status, string Code, string Text) : IResult
{
    public static readonly ApiProblem InvalidTopic = new(400, "invalid_topic", $"A topic is user:{{id}}, group:{{id}} or all. {ChatId.Rule}");
    public static readonly ApiProblem InvalidUser = new(400, "invalid_id", "The user id is not valid. " + ChatId.Rule);
    public static readonly ApiProblem InvalidGroup = new(400, "invalid_id", "The group id is not valid. " + ChatId.Rule);
    public static readonly ApiProblem InvalidFrom = new(400, "invalid_id", "The sender's id is not valid. " + ChatId.Rule);
    public static readonly ApiProblem InvalidMessageId = new(400, "invalid_msg_id", "A message id has 1 to 64 bytes of letters, digits and _ . @ -");
    public static readonly ApiProblem InvalidSince = new(400, "malformed", "since must be {epoch}:{offset}, as given in a message or an answer.");
    public static readonly ApiProblem InvalidPosition = new(400, "malformed", "epoch and offset must be those of a message, as given in an answer, an event or a frame.");
    public static readonly ApiProblem InvalidAfter = new(400, "malformed", "after must be the value of next in the previous page.");
    public static readonly ApiProblem NoPresence = new(400, "no_presence", "Only groups and all have presence, and only where it is switched on (Chat:Presence:Enabled).");
    public static readonly ApiProblem InvalidLimit = new(400, "malformed", "limit must be at least 1.");
    public static readonly ApiProblem InvalidReason = new(400, "invalid_reason", $"The reason must have 1 to {DisconnectOrder.MostReasonBytes} bytes of visible text.");
    public static readonly ApiProblem InvalidSanctionReason = new(400, "invalid_reason", $"The reason must have 1 to {Access.Sanction.ReasonChars} visible characters.");
    public static readonly ApiProblem InvalidSeconds = new(400, "malformed", $"seconds must be 1 to {(long)Access.Sanction.LongestTime.TotalSeconds}; without it, a ban or mute lasts until it is lifted.");
    public static readonly ApiProblem TooManySanctions = new(409, "too_many_sanctions", $"The user has {Access.Sanction.MostPerUser} bans and mutes, as many as there can be.");
    public static readonly ApiProblem TooManyGroups = new(409, "too_many_groups", "The user is in as many groups as Chat:Connections:TopicsPerConnection allows.");
    public static readonly ApiProblem TooBig = new(413, "too_big", "The message is larger than Chat:Connections:MessageBytes allows, once it is escaped for JSON.");
    public static readonly ApiProblem BodyTooBig = new(413, "too_big", "The body is larger than Api:BodyBytes allows.");
    public static readonly ApiProblem BodyTooSlow = new(408, "timeout", "The body did not arrive in time (Api:BodyTimeout).");
    public static readonly ApiProblem NotJson = new(415, "not_json", "Send JSON, with Content-Type: application/json.");
    public static readonly ApiProblem NotFound = new(404, "not_found", "There is no such call.");
    public static readonly ApiProblem WrongMethod = new(405, "wrong_method", "This call needs another method; the Allow header names it.");
    public static readonly ApiProblem TopicBusy = new(429, "topic_busy", "More is written to the topic than Chat:Backplane:TopicMessagesPerSecond or …BytesPerSecond allows. It was not published.") { RetryAfter = 1 };
    public static readonly ApiProblem NotPublished = new(503, "not_published", "Redis did not confirm the message in time. Try again: with the same id it is published only once.") { RetryAfter = 2 };
    public static readonly ApiProblem Unavailable = new(503, "unavailable", "Redis is not reachable at the moment. Try again.") { RetryAfter = 2 };
    public static readonly ApiProblem Fault = new(500, "internal", "Something went wrong on the server.");

    /// <summary>Seconds after which another try may succeed; 0 if waiting does not help.</summary>
    public int RetryAfter { get; init; }

    public static ApiProblem TooManyTopics(int most) => new(400, "too_many_topics", $"A call may name 1 to {most} topics (Api:TopicsPerCall).");

    /// <param name="what">What is wrong with the query, as a sentence.</param>
    public static ApiProblem InvalidQuery(string what) => new(400, "malformed", what);

    public static ApiProblem TooManyCalls(int retryAfter) =>
        new(429, "too_many_calls", "There were more calls than Api:CallsPerSecond allows; this one was not carried out.") { RetryAfter = retryAfter };

    /// <param name="where">The property, or what is missing, in words of the caller's own JSON.</param>
    public static ApiProblem Malformed(string where) => new(400, "malformed", $"The body is not the JSON object that this call takes: {where}.");

    public Task ExecuteAsync(HttpContext httpContext)
    {
        if (RetryAfter > 0)
        {
            httpContext.Response.Headers.RetryAfter = RetryAfter.ToString(CultureInfo.InvariantCulture);
        }

        return TypedResults.Problem(Text, statusCode: Status, extensions: [new("code", Code)]).ExecuteAsync(httpContext);
    }
}
