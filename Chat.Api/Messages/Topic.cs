using System.Text;

namespace Chat.Api.Messages;

/// <summary>What kind of address a topic is; settings such as the size of the log are per kind.</summary>
internal enum TopicKind
{
    User,
    Group,
    All,
}

/// <summary>An address one can publish to: <c>user:{id}</c>, <c>group:{id}</c> or <c>all</c>.</summary>
/// <remarks>The name is also the pub/sub channel (behind the configured prefix), as in the first seed, so that
/// its nodes and ours reach each other's members.</remarks>
internal sealed record Topic
{
    /// <summary>The most characters that a name has.</summary>
    public const int MaxNameChars = 6 + ChatId.MaxBytes;

    public static readonly Topic All = new(TopicKind.All, "", "all");

    private Topic(TopicKind kind, string id, string name)
    {
        Kind = kind;
        Id = id;
        Name = name;
        Utf8Name = Encoding.UTF8.GetBytes(name);
        Utf8Id = Encoding.UTF8.GetBytes(id);
        JsonName = JsonText.Escape(name);
        JsonId = JsonText.Escape(id);
    }

    public TopicKind Kind { get; }

    /// <summary>The user's or group's id; empty for <see cref="All"/>.</summary>
    public string Id { get; }

    public string Name { get; }

    public ReadOnlyMemory<byte> Utf8Name { get; }

    public ReadOnlyMemory<byte> Utf8Id { get; }

    /// <summary>The name as it stands between the quotes of a JSON string.</summary>
    public ReadOnlyMemory<byte> JsonName { get; }

    /// <summary>The id as it stands between the quotes of a JSON string.</summary>
    public ReadOnlyMemory<byte> JsonId { get; }

    /// <param name="id">From <see cref="ChatId"/>.</param>
    public static Topic User(string id) => new(TopicKind.User, id, "user:" + id);

    /// <param name="id">From <see cref="ChatId"/>.</param>
    public static Topic Group(string id) => new(TopicKind.Group, id, "group:" + id);

    /// <summary>The topic with this name, or null if there can be none.</summary>
    public static Topic? Parse(string name) =>
        name == All.Name ? All
        : name.StartsWith("user:", StringComparison.Ordinal) && ChatId.IsValid(name[5..]) ? User(name[5..])
        : name.StartsWith("group:", StringComparison.Ordinal) && ChatId.IsValid(name[6..]) ? Group(name[6..])
        : null;

    public bool Equals(Topic? other) => other is not null && Name == other.Name;

    public override int GetHashCode() => Name.GetHashCode(StringComparison.Ordinal);

    public override string ToString() => Name;
}
