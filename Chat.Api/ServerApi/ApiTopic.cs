using System.Diagnostics.CodeAnalysis;
using Chat.Api.Messages;

namespace Chat.Api.ServerApi;

/// <summary>Parses the names of topics that backends give.</summary>
internal static class ApiTopic
{
    /// <summary>Returns false if the name is not that of a topic.</summary>
    public static bool TryParse(string name, [NotNullWhen(true)] out Topic? topic)
    {
        const string User = "user:", Group = "group:";
        topic = name == Topic.All.Name ? Topic.All
            : name.StartsWith(User, StringComparison.Ordinal) && ChatId.TryParse(name[User.Length..], out var user) ? Topic.User(user)
            : name.StartsWith(Group, StringComparison.Ordinal) && ChatId.TryParse(name[Group.Length..], out var group) ? Topic.Group(group)
            : null;
        return topic is not null;
    }

    /// <summary>Parses a name that may be missing. Returns false if there is a name that is not that of a topic.</summary>
    public static bool TryParseOptional(string? name, out Topic? topic)
    {
        topic = null;
        return name is null || TryParse(name, out topic);
    }
}
