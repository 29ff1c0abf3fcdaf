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
    public static readonly Refusal Format = new(400, "The query parameter format is text or json.");
    public static readonly Refusal Since = new(400, "The query parameter since is {epoch}:{offset}, as a subscribed frame or a message gave it.");
    public static readonly Refusal SinceNeedsJson = new(400, "The query parameter since needs format=json: text frames carry no positions.");
    public static readonly Refusal Presence = new(400, "The query parameter presence is true or false.");
    public static readonly Refusal PresenceNeedsJson = new(400, "presence=true needs format=json: text frames say nothing of presence.");
    public static readonly Refusal NoPresence = new(400, "Presence is kept of groups and of all, unless it is switched off (Chat:Presence:Enabled).");
    public static readonly Refusal NoToken = new(401, TokenError.NoToken) { Challenge = BearerAnswers.Challenge(null) };
    public static readonly Refusal OtherUser = new(403, "The token is of another user than the one in the path.");
    public static readonly Refusal NotMember = new(403, "The user is not in that group (Chat:Hub:MembersOnly).");
    public static readonly Refusal Forbidden = new(403, "The user may not be in that topic (docs/ACCESS.md).");
    public static readonly Refusal NotWanted = new(403, "The user may not connect.");
    public static readonly Refusal NotKnown = new(503, "What the user may do cannot be asked at the moment (Chat:Access:Url); try again.");
    public static readonly Refusal NoHistory = new(403, "The user may not read what was written in that topic before: connect without since.");
    public static readonly Refusal NoPresenceFor = new(403, "The user may not see who is in that topic: connect without presence=true.");
    public static readonly Refusal TooManyConnections = new(429, "This user has as many connections as are allowed (Chat:Connections:PerUser).");
    public static readonly Refusal TooManyNewTopics = new(429, "This user has come to as many new groups as are allowed at once (Chat:Connections:UserTopicsPerSecond).");
    public static readonly Refusal TooManyEntries = new(429, "This user connects more often than is allowed with so many groups (Chat:Connections:UserEntriesPerSecond).");
    public static readonly Refusal NodeFull = new(503, "This node has as many connections as it may (Chat:Connections:PerNode).");
    public static readonly Refusal Draining = new(503, "This node is stopping; try again.");
    public static readonly Refusal Unavailable = new(503, "Redis is not reachable at the moment; try again.");

    /// <summary>The user is banned from everything, perhaps only until then.</summary>
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
