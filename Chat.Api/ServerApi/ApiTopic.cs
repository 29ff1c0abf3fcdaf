using Chat.Api.Messages;

namespace Chat.Api.ServerApi;

/// <summary>Names that backends give.</summary>
internal static class ApiTopic
{
    /// <exception cref="ApiProblemException">No topic is called so.</exception>
    public static Topic Parse(string name) => TryParse(name) ?? throw new ApiProblemException(ApiProblem.InvalidTopic);

    /// <summary>Null: no topic is called so.</summary>
    public static Topic? TryParse(string name)
    {
        const string User = "user:", Group = "group:";
        return name == Topic.All.Name ? Topic.All
            : name.StartsWith(User, StringComparison.Ordinal) && ChatId.TryParse(name[User.Length..], out var user) ? Topic.User(user)
            : name.StartsWith(Group, StringComparison.Ordinal) && ChatId.TryParse(name[Group.Length..], out var group) ? Topic.Group(group)
            : null;
    }

    /// <exception cref="ApiProblemException">That is no user's id.</exception>
    public static Topic ParseUser(string id) =>
        ChatId.TryParse(id, out var user) ? Topic.User(user) : throw new ApiProblemException(ApiProblem.InvalidUser);

    /// <exception cref="ApiProblemException">That is no group's id.</exception>
    public static Topic ParseGroup(string id) =>
        ChatId.TryParse(id, out var group) ? Topic.Group(group) : throw new ApiProblemException(ApiProblem.InvalidGroup);
}
