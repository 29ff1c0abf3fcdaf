using Chat.Api.Messages;

namespace Chat.Api.Hubs;

/// <summary>The positions of a reconnecting client in its groups: query <c>since=first:{epoch}:{offset},second:{epoch}:{offset}</c>, and
/// <c>since.user={epoch}:{offset}</c> for its own messages. In the list, groups are percent-encoded. With <c>positions=true</c> the client is told
/// its position in all its groups, including those that it did not name.</summary>
internal sealed class HubPositions
{
    public static readonly HubPositions None = new();

    private readonly Dictionary<string, LogPosition> _groups = new(StringComparer.Ordinal);

    public LogPosition? User { get; private init; }

    public bool AreTold { get; private init; }

    public LogPosition? Of(string group) => _groups.TryGetValue(group, out var position) ? position : null;

    /// <summary>Returns false if the query does not have this form.</summary>
    public static bool TryParse(IQueryCollection query, out HubPositions positions)
    {
        positions = None;
        var groups = query["since"].ToString();
        var user = query["since.user"].ToString();
        var told = query["positions"].ToString();
        if (groups.Length + user.Length + told.Length == 0)
        {
            return true;
        }

        if (told is not ("" or "true" or "false"))
        {
            return false;
        }

        LogPosition own = default;
        if (user.Length > 0 && !LogPosition.TryParse(user, out own))
        {
            return false;
        }

        var parsed = new HubPositions { User = user.Length > 0 ? own : null, AreTold = told == "true" };
        foreach (var entry in groups.Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            // The group may contain colons itself; the position contains one. Commas and percent signs are encoded.
            var colon = entry.AsSpan(0, Math.Max(0, entry.LastIndexOf(':'))).LastIndexOf(':');
            if (colon < 1 || !ChatId.TryParse(Uri.UnescapeDataString(entry[..colon]), out var group) || !LogPosition.TryParse(entry[(colon + 1)..], out var position))
            {
                return false;
            }

            parsed._groups[group] = position;
        }

        positions = parsed;
        return true;
    }
}
