using System.Net;
using System.Net.Http.Headers;
using Chat.Api.Messages;
using Chat.Api.Webhooks;
using Microsoft.Extensions.Options;

namespace Chat.Api.Events;

/// <summary>The backend that is told, as this node sees it.</summary>
internal sealed partial class EventReceiver
{
    /// <summary>The name of its HTTP client.</summary>
    public const string Client = "events";

    private const int FailuresToBeAway = 3; // in a row, of any topics: less may be one topic's trouble
    private const int UsualMeans = 8; // requests

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
    private double _usual; // seconds that a request takes that is accepted; roughly, so without a lock

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

    /// <summary>Whether it has accepted anything since a timestamp: it is there, and what it does not take is the fault of that.</summary>
    public bool HasAcceptedSince(long timestamp) => Volatile.Read(ref _acceptedAt) is not 0 and var at && at > timestamp;

    /// <summary>What is not answered within this takes unusually long.</summary>
    public TimeSpan Patience => TimeSpan.FromSeconds(Math.Clamp(4 * Volatile.Read(ref _usual), LeastPatience.TotalSeconds, _timeout.TotalSeconds));

    /// <param name="batch">What it is told.</param>
    /// <param name="giveUp">Ends the wait for the answer. It may have received it, and will then be told once more.</param>
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
        else if (!answer.IsRefusal && !answer.IsGivenUp && !HasAcceptedSince(began)) // else it is there, and keeps this one alone waiting
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

/// <summary>What became of a request.</summary>
/// <param name="IsAccepted">It was answered with 2xx.</param>
/// <param name="IsRefusal">What was in it was refused, as far as the answer tells; else the receiver is away, busy or not set up.</param>
/// <param name="Reason">In words.</param>
/// <param name="RetryAfter">The pause that the receiver asks for; zero: none.</param>
/// <param name="IsGivenUp">Nobody waited for the answer as long as the receiver may take.</param>
internal sealed record ReceiverAnswer(bool IsAccepted, bool IsRefusal, string Reason, TimeSpan RetryAfter, bool IsGivenUp = false)
{
    public static ReceiverAnswer Of(HttpResponseMessage response, DateTimeOffset now) => new(
        response.IsSuccessStatusCode,
        !response.IsSuccessStatusCode && !IsOfReceiver(response.StatusCode),
        FormattableString.Invariant($"status {(int)response.StatusCode}"),
        response.Headers.RetryAfter is { } after ? after.Delta ?? (after.Date - now) ?? TimeSpan.Zero : TimeSpan.Zero);

    public static ReceiverAnswer None(string reason, bool isGivenUp) => new(false, false, reason, TimeSpan.Zero, isGivenUp);

    // They say the same to any event: no fault of this one, which is not to be dropped for it.
    private static bool IsOfReceiver(HttpStatusCode status) => (int)status < 400 || status is HttpStatusCode.Unauthorized or HttpStatusCode.PaymentRequired
        or HttpStatusCode.Forbidden or HttpStatusCode.NotFound or HttpStatusCode.MethodNotAllowed or HttpStatusCode.ProxyAuthenticationRequired
        or HttpStatusCode.RequestTimeout or HttpStatusCode.Gone or HttpStatusCode.MisdirectedRequest or HttpStatusCode.TooManyRequests
        or HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout;
}
