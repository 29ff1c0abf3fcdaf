using System.Globalization;
using System.Net;
using System.Text.Encodings.Web;
using System.Text.Json;
using Chat.Api.Messages;
using Chat.Api.Nodes;
using Microsoft.Extensions.Options;

namespace Chat.Api.Access;

/// <summary>Asks the webhook, <see cref="AccessOptions.Url"/>: one request per question, sent at most twice, within a time limit.</summary>
internal sealed partial class AccessWebhook(
    IHttpClientFactory clients, UnansweredUsers unanswered, NodeIdentity node, IOptions<AccessOptions> options, AccessMetrics metrics, TimeProvider time, ILogger<AccessWebhook> logger)
{
    public const string ClientName = "access";

    private static readonly TimeSpan ToldEvery = TimeSpan.FromSeconds(30);

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = System.Text.Json.Serialization.JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, // the text is not put into HTML
    };

    private long _questions;
    private readonly Lock _telling = new(); // guards _isToldAway and _toldAt
    private bool _isToldAway;
    private long? _toldAt;

    /// <summary>Asks what a user may do. Returns null if there was no answer. Never fails.</summary>
    /// <param name="userId">The user.</param>
    /// <param name="topic">The topic; null: whether the user may connect at all.</param>
    /// <param name="want">The rights of interest.</param>
    public async Task<WebhookAnswer?> AskAsync(string userId, string? topic, Rights want)
    {
        var started = time.GetTimestamp();
        var (answer, reason) = await TryAskAsync(new Question(userId, topic, RightNames.Of(want), node.Id));
        metrics.Asked(time.GetElapsedTime(started), isAnswered: answer is not null);
        Tell(answer is not null, reason);
        if (answer is null && unanswered.Contains(userId))
        {
            unanswered.Add(userId); // again, even if its turn did not come
        }

        return answer;
    }

    // Logs at most a pair of lines in a while, even if the webhook answers some questions and not others.
    private void Tell(bool isAnswered, string reason)
    {
        lock (_telling)
        {
            if (isAnswered == !_isToldAway || (!isAnswered && _toldAt is { } at && time.GetElapsedTime(at) < ToldEvery))
            {
                return;
            }

            _isToldAway = !isAnswered;
            _toldAt = isAnswered ? _toldAt : time.GetTimestamp();
        }

        if (isAnswered)
        {
            Log.Back(logger);
        }
        else
        {
            Log.Away(logger, reason, options.Value.WhenAway);
        }
    }

    private async Task<(WebhookAnswer? Answer, string Reason)> TryAskAsync(Question question)
    {
        try
        {
            using var http = clients.CreateClient(ClientName);
            using var request = new HttpRequestMessage(HttpMethod.Post, options.Value.Url);
            request.Options.Set(WebhookPipeline.User, question.User);
            request.Options.Set(WebhookSigner.Id, string.Create(CultureInfo.InvariantCulture, $"{node.Id}-access-{Interlocked.Increment(ref _questions)}"));
            request.Content = new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(question, Json)) { Headers = { ContentType = new("application/json") } };
            using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, CancellationToken.None); // the signer reads the whole content if it is needed
            return response.StatusCode switch
            {
                HttpStatusCode.OK => WebhookAnswer.Parse(await response.Content.ReadAsByteArrayAsync(CancellationToken.None), options.Value.AnswerAge) is { } answer
                    ? (answer, "") : (null, "What it answers is not of the expected shape."),
                HttpStatusCode.Forbidden => (WebhookAnswer.Forbidden(options.Value.AnswerAge), ""),
                _ => (null, $"It answers {(int)response.StatusCode}."),
            };
        }
        catch (Exception exception)
        {
            // Whatever the failure, there is no answer: a name that is not found, a time that is over, too many questions waiting.
            return (null, LogText.Of(exception.Message));
        }
    }

    private sealed record Question(string User, string? Topic, IEnumerable<string> Want, string Node);

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, EventName = "AccessWebhookAway",
            Message = "The webhook Chat:Access:Url does not answer; until it does, Chat:Access:WhenAway={WhenAway} decides in its place. {Reason}")]
        public static partial void Away(ILogger logger, string reason, WhenAway whenAway);

        [LoggerMessage(Level = LogLevel.Information, EventName = "AccessWebhookBack", Message = "The webhook Chat:Access:Url answers again.")]
        public static partial void Back(ILogger logger);
    }
}
