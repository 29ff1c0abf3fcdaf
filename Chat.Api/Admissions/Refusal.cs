using System.Globalization;
using Chat.Api.Auth;
using Chat.Api.Messages;
using Microsoft.Extensions.Primitives;

namespace Chat.Api.Admissions;

/// <summary>The reason why a request does not become a connection: a status code and a sentence.</summary>
internal sealed record Refusal(int Status, string Text)
{
    public static readonly Refusal NoUpgrade = new(400, "This is a WebSocket endpoint; connect with ws:// or wss://.");
    public static readonly Refusal Version = new(426, "The WebSocket version must be 13.");
    public static readonly Refusal InvalidId = new(400, ChatId.Rule);
    public static readonly Refusal Format = new(400, "The query parameter format must be text or json.");
    public static readonly Refusal Since = new(400, "The query parameter since must be {epoch}:{offset}, as given in a subscribed frame or a message.");
    public static readonly Refusal SinceNeedsJson = new(400, "The query parameter since needs format=json: text frames carry no positions.");
    public static readonly Refusal Presence = new(400, "The query parameter presence must be true or false.");
    public static readonly Refusal PresenceNeedsJson = new(400, "presence=true needs format=json: text frames have no presence.");
    public static readonly Refusal NoPresence = new(400, "Only groups and all have presence, and only where it is switched on (Chat:Presence:Enabled).");
    public static readonly Refusal NoToken = new(401, TokenError.NoToken) { Challenge = BearerAnswers.Challenge(null) };
    public static readonly Refusal OtherUser = new(403, "The token is for another user than the one in the path.");
    public static readonly Refusal NotMember = new(403, "The user is not in that group (Chat:Hub:MembersOnly).");
    public static readonly Refusal Forbidden = new(403, "The user may not be in that topic (docs/ACCESS.md).");
    public static readonly Refusal NotWanted = new(403, "The user may not connect.");
    public static readonly Refusal NotKnown = new(503, "The user's rights cannot be checked at the moment (Chat:Access:Url); try again.");
    public static readonly Refusal NoHistory = new(403, "The user may not read the history of that topic: connect without since.");
    public static readonly Refusal NoPresenceFor = new(403, "The user may not see who is in that topic: connect without presence=true.");
    public static readonly Refusal TooManyConnections = new(429, "This user already has as many connections as Chat:Connections:PerUser allows.");
    public static readonly Refusal TooManyNewTopics = new(429, "This user has joined more new groups than Chat:Connections:UserTopicsPerSecond allows.");
    public static readonly Refusal TooManyEntries = new(429, "This user connects more often, with so many groups, than Chat:Connections:UserEntriesPerSecond allows.");
    public static readonly Refusal NodeFull = new(503, "This node already has as many connections as Chat:Connections:PerNode allows.");
    public static readonly Refusal Draining = new(503, "This node is stopping; try again.");
    public static readonly Refusal Unavailable = new(503, "Redis is not reachable at the moment; try again.");

    /// <summary>The user is banned from everything, perhaps only until the given time.</summary>
    public static Refusal Banned(DateTimeOffset? until) => new(403, until is not { } end ? "This user is banned."
        : string.Create(CultureInfo.InvariantCulture, $"This user is banned until {end.UtcDateTime:yyyy-MM-ddTHH:mm:ssZ}."));

    /// <summary>The header <c>WWW-Authenticate</c> of a 401.</summary>
    public StringValues Challenge { get; init; }

    public Task WriteAsync(HttpContext http)
    {
        http.Response.StatusCode = Status;
        http.Response.Headers.WWWAuthenticate = Challenge;
        if (Status is 503 or 429)
        {
            http.Response.Headers.RetryAfter = "2";
        }

        if (this == Version)
        {
            http.Response.Headers.SecWebSocketVersion = "13";
        }

        http.Response.ContentType = "text/plain; charset=utf-8";
        return http.Response.WriteAsync(Text + "\n", CancellationToken.None);
    }
}
