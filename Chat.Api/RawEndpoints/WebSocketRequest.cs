using System.Diagnostics.CodeAnalysis;
using Chat.Api.Admissions;
using Chat.Api.Messages;
using Chat.Api.WebSockets;

namespace Chat.Api.RawEndpoints;

/// <summary>A request for a raw connection that has been checked.</summary>
/// <param name="UserId">From the path.</param>
/// <param name="Topics">From the path.</param>
/// <param name="Format">Query <c>format</c>: <c>text</c> (default) or <c>json</c>.</param>
/// <param name="Since">Per topic, the position from which to replay: query <c>since</c>, and <c>since.all</c> for the second topic of a
/// channel.</param>
/// <param name="WatchesPresence">Whether the client wants to know who is in its topics.</param>
internal sealed record WebSocketRequest(string UserId, Topic[] Topics, WebSocketFormat Format, LogPosition?[] Since, bool WatchesPresence)
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
        bool? presence = http.Request.Query["presence"].ToString() switch
        {
            "" or "false" => false,
            "true" => true,
            _ => null,
        };
        refusal = !WebSocketUpgrade.IsRequested(http) ? Refusal.NoUpgrade
            : !WebSocketUpgrade.IsSupportedVersion(http) ? Refusal.Version
            : format is null ? Refusal.Format
            : !TryReadSince(http, since) ? Refusal.Since
            : !format.IsJson && since.Any(position => position is not null) ? Refusal.SinceNeedsJson
            : presence is null ? Refusal.Presence
            : presence is true && !format.IsJson ? Refusal.PresenceNeedsJson
            : null;
        if (refusal is null)
        {
            request = new WebSocketRequest(userId, topics, format!, since, presence is true);
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
