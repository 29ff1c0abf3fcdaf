using System.Text;

namespace Chat.Client.Topics;

/// <summary>The query of a connection's address: the client's positions in its groups, as many as fit, and in its user's own messages.</summary>
internal sealed class PositionsQuery
{
    private const int Longest = 4000; // servers accept lines of 8 KB; tokens and the rest need some of that

    private readonly StringBuilder _groups = new();
    private string _own = "";

    /// <summary>Returns false if there was no room for the group.</summary>
    public bool TryAdd(string group, ChatPosition position)
    {
        if (_groups.Length >= Longest)
        {
            return false;
        }

        // The name is encoded once for the list, in which commas and percent signs have a meaning. Then everything is encoded for the query.
        _groups.Append(_groups.Length > 0 ? "%2C" : "").Append(Uri.EscapeDataString(Uri.EscapeDataString(group))).Append("%3A").Append(Uri.EscapeDataString(position.ToString()));
        return true;
    }

    public void AddOwn(ChatPosition position) => _own = "&since.user=" + Uri.EscapeDataString(position.ToString());

    public override string ToString() => $"positions=true{(_groups.Length > 0 ? "&since=" : "")}{_groups}{_own}";
}
