using System.Diagnostics.CodeAnalysis;
using Chat.Api.Topics;

namespace Chat.Api.WebSockets;

/// <summary>A request for a raw connection, checked.</summary>
/// <param name="UserId">From the path.</param>
/// <param name="Topics">From the path.</param>
/// <param name="Format">Query <c>format</c>: <c>text</c> (default) or <c>json</c>.</param>
/// <param name="Since">Per topic the position from which to replay; query <c>since</c>, and <c>since.all</c> for the second topic of a channel.</param>
internal sealed record WebSocketRequest(string UserId, Topic[] Topics, WebSocketFormat Format, LogPosition?[] Since)
{
    public static bool TryParse(
        HttpContext http, string userId, Topic[] topics, [NotNullWhen(true)] out WebSocketRequest? request, [NotNullWhen(false)] out Refusal? refusal)
    {
        request = null;
        var since = new LogPosition?[topics.Length];
        var format = http.Request.Query["format"].ToString() switch
        {
            "" or "text" => WebSocketFormat.Text,
            "json" => WebSocketFormat.Json,
            _ => null,
        };
        refusal = !WebSocketUpgrade.IsRequested(http) ? Refusal.NoUpgrade
            : !WebSocketUpgrade.IsSupportedVersion(http) ? Refusal.Version
            : !ChatId.IsValid(userId) || !topics.All(topic => topic == Topic.All || ChatId.IsValid(topic.Id)) ? Refusal.InvalidId
            : format is null ? Refusal.Format
            : !TryReadSince(http, since) ? Refusal.Since
            : !format.IsJson && since.Any(position => position is not null) ? Refusal.SinceNeedsJson
            : null;
        if (refusal is null)
        {
            request = new WebSocketRequest(userId, topics, format!, since);
        }

        return refusal is null;
    }

    private static bool TryReadSince(HttpContext http, LogPosition?[] since)
    {
        string[] names = ["since", "since.all"];
        for (var i = 0; i < since.Length; i++)
        {
            var text = http.Request.Query[names[i]].ToString();
            if (text.Length == 0)
            {
                continue;
            }

            if (!LogPosition.TryParse(text, out var position))
            {
                return false;
            }

            since[i] = position;
        }

        return true;
    }
}

/// <summary>Why a request does not become a connection: a status and a sentence.</summary>
internal sealed record Refusal(int Status, string Text)
{
    public static readonly Refusal NoUpgrade = new(400, "This is a WebSocket endpoint; connect with ws:// or wss://.");
    public static readonly Refusal Version = new(426, "The WebSocket version must be 13.");
    public static readonly Refusal InvalidId = new(400, ChatId.Rule);
    public static readonly Refusal Format = new(400, "The query parameter format is text or json.");
    public static readonly Refusal Since = new(400, "The query parameter since is {epoch}:{offset}, as a subscribed frame or a message gave it.");
    public static readonly Refusal SinceNeedsJson = new(400, "The query parameter since needs format=json: text frames carry no positions.");
    public static readonly Refusal TooManyConnections = new(429, "This user has as many connections as are allowed (Chat:Connections:PerUser).");
    public static readonly Refusal NodeFull = new(503, "This node has as many connections as it may (Chat:Connections:PerNode).");
    public static readonly Refusal Draining = new(503, "This node is stopping; try again.");
    public static readonly Refusal Unavailable = new(503, "Redis is not reachable at the moment; try again.");

    public Task WriteAsync(HttpContext http)
    {
        http.Response.StatusCode = Status;
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
