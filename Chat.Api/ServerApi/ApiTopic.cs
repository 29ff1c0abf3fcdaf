using System.Diagnostics.CodeAnalysis;
using Chat.Api.Messages;

namespace Chat.Api.ServerApi;

/// <summary>Names that backends give.</summary>
internal static class ApiTopic
{
    /// <summary>False: no topic is called so.</summary>
    public static bool TryParse(string name, [NotNullWhen(true)] out Topic? topic)
    {
        const string User = "user:", Group = "group:";
        topic = name == Topic.All.Name ? Topic.All
            : name.StartsWith(User, StringComparison.Ordinal) && ChatId.TryParse(name[User.Length..], out var user) ? Topic.User(user)
            : name.StartsWith(Group, StringComparison.Ordinal) && ChatId.TryParse(name[Group.Length..], out var group) ? Topic.Group(group)
            : null;
        return topic is not null;
    }

    /// <summary>Of a name that may be missing. False: there is one, and no topic is called so.</summary>
    public static bool TryParseOptional(string? name, out Topic? topic)
    {
        topic = null;
        return name is null || TryParse(name, out topic);
    }
}
