using System.Net;
using System.Net.Http.Headers;
using Chat.Api.Messages;
using Chat.Api.Webhooks;
using Microsoft.Extensions.Options;

namespace Chat.Api.Events;

/// <summary>The backend that is told events, as this node sees it.</summary>
internal sealed partial class EventReceiver
{
    /// <summary>The name of its HTTP client.</summary>
    public const string Client = "events";

    private const int FailuresToBeAway = 3; // in a row, for any topics: fewer may be the trouble of one topic
    private const int UsualMeans = 8; // requests, over which _usual is averaged

    private static readonly TimeSpan LeastPatience = TimeSpan.FromMilliseconds(500);

    private readonly IHttpClientFactory _clients;
    private readonly Uri _url;
    private readonly TimeSpan _timeout;
    private readonly WebhookSignature _signature;
    private readonly EventMetrics _metrics;
    private readonly TopicTurns _turns;
    private readonly TimeProvider _time;
    private readonly ILogger<EventReceiver> _logger;
    private int _failures; // in a row
    private long _failingSince;
    private long _acceptedAt; // a timestamp; 0: never
    private double _usual; // how many seconds an accepted request takes; approximate, so without a lock

    public EventReceiver(
        IHttpClientFactory clients, IOptions<EventOptions> options, EventMetrics metrics, TopicTurns turns, TimeProvider time, ILogger<EventReceiver> logger)
    {
        _clients = clients;
        _url = new Uri(options.Value.Url!);
        _timeout = options.Value.Timeout;
        _signature = WebhookSignature.TryParse(options.Value.Secret, out var signature) ? signature : throw new InvalidOperationException("The options were not validated.");
        _metrics = metrics;
        _turns = turns;
        _time = time;
        _logger = logger;
    }

    /// <summary>Whether the receiver has accepted anything since a timestamp. If so, it is there, and events that it does not take are themselves at
    /// fault.</summary>
    public bool HasAcceptedSince(long timestamp) => Volatile.Read(ref _acceptedAt) is not 0 and var at && at > timestamp;

    /// <summary>A request that is not answered within this time takes unusually long.</summary>
    public TimeSpan Patience => TimeSpan.FromSeconds(Math.Clamp(4 * Volatile.Read(ref _usual), LeastPatience.TotalSeconds, _timeout.TotalSeconds));

    /// <param name="batch">The events.</param>
    /// <param name="giveUp">Ends the wait for the answer. If the receiver has got the events, it will be told them once more.</param>
    public async Task<ReceiverAnswer> PostAsync(EventBatch batch, CancellationToken giveUp)
    {
        var began = _time.GetTimestamp();
        var answer = await AskAsync(batch, giveUp);
        var elapsed = _time.GetElapsedTime(began);
        _metrics.Requested(elapsed, answer switch { { IsAccepted: true } => "accepted", { IsRefusal: true } => "refused", { IsGivenUp: true } => "slow", _ => "away" });
        if (answer.IsAccepted)
        {
            Accepted(elapsed);
        }
        else if (!answer.IsRefusal && !answer.IsGivenUp && !HasAcceptedSince(began)) // otherwise it is there, and keeps only this request waiting
        {
            Failed(answer.Reason);
        }

        return answer;
    }

    private async Task<ReceiverAnswer> AskAsync(EventBatch batch, CancellationToken giveUp)
    {
        try
        {
            using var client = _clients.CreateClient(Client);
            using var request = new HttpRequestMessage(HttpMethod.Post, _url) { Content = new ByteArrayContent(batch.Body) };
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
            _signature.Sign(request, batch.Id, _time.GetUtcNow(), batch.Body);
            using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, giveUp);
            return ReceiverAnswer.Of(response, _time.GetUtcNow());
        }
        catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException)
        {
            return ReceiverAnswer.None(exception is OperationCanceledException ? "no answer in time" : LogText.Of(exception.Message.TrimEnd('.')), giveUp.IsCancellationRequested);
        }
    }

    private void Accepted(TimeSpan elapsed)
    {
        Volatile.Write(ref _usual, _usual + ((elapsed.TotalSeconds - _usual) / UsualMeans));
        Volatile.Write(ref _acceptedAt, _time.GetTimestamp());
        if (Interlocked.Exchange(ref _failures, 0) >= FailuresToBeAway)
        {
            var since = Volatile.Read(ref _failingSince);
            var away = _time.GetElapsedTime(since);
            Log.Back(_logger, away);
            _turns.Hurry(since);
        }
    }

    private void Failed(string reason)
    {
        switch (Interlocked.Increment(ref _failures))
        {
            case 1:
                Volatile.Write(ref _failingSince, _time.GetTimestamp());
                break;
            case FailuresToBeAway:
                Log.Away(_logger, reason);
                break;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, EventName = "EventReceiverAway", Message = "The receiver of events (Events:Url) does not accept any: {Reason}. They wait in Redis; retrying.")]
        public static partial void Away(ILogger logger, string reason);

        [LoggerMessage(Level = LogLevel.Information, EventName = "EventReceiverBack", Message = "The receiver of events accepts them again, after {Away}.")]
        public static partial void Back(ILogger logger, TimeSpan away);
    }
}

/// <summary>The outcome of a request.</summary>
/// <param name="IsAccepted">Whether it was answered with 2xx.</param>
/// <param name="IsRefusal">Whether its content was refused, as far as the answer tells. If it is neither accepted nor refused, the receiver is away,
/// busy or not set up.</param>
/// <param name="Reason">The reason, in words.</param>
/// <param name="RetryAfter">The pause that the receiver asks for; zero: none.</param>
/// <param name="IsGivenUp">Whether the wait ended before the time was over that the receiver may take.</param>
internal sealed record ReceiverAnswer(bool IsAccepted, bool IsRefusal, string Reason, TimeSpan RetryAfter, bool IsGivenUp = false)
{
    public static ReceiverAnswer Of(HttpResponseMessage response, DateTimeOffset now) => new(
        response.IsSuccessStatusCode,
        !response.IsSuccessStatusCode && !IsOfReceiver(response.StatusCode),
        FormattableString.Invariant($"status {(int)response.StatusCode}"),
        response.Headers.RetryAfter is { } after ? after.Delta ?? (after.Date - now) ?? TimeSpan.Zero : TimeSpan.Zero);

    public static ReceiverAnswer None(string reason, bool isGivenUp) => new(false, false, reason, TimeSpan.Zero, isGivenUp);

    // These statuses do not depend on the event. So it is not at fault, and must not be dropped for them.
    private static bool IsOfReceiver(HttpStatusCode status) => (int)status < 400 || status is HttpStatusCode.Unauthorized or HttpStatusCode.PaymentRequired
        or HttpStatusCode.Forbidden or HttpStatusCode.NotFound or HttpStatusCode.MethodNotAllowed or HttpStatusCode.ProxyAuthenticationRequired
        or HttpStatusCode.RequestTimeout or HttpStatusCode.Gone or HttpStatusCode.MisdirectedRequest or HttpStatusCode.TooManyRequests
        or HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout;
}
