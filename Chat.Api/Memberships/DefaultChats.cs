using Chat.Api.Messages;

namespace Chat.Api.Memberships;

/// <summary>The groups in which a new user begins. Bound from <c>Chat</c>.</summary>
internal sealed class DefaultChats
{
    public const string Section = "Chat";

    /// <value>Ids of groups. Default: first, second.</value>
    public string[]? Chats { get; set; }

    public IReadOnlyList<string> Groups => Chats is null ? ["first", "second"] : [.. Chats.Select(chat => ChatId.TryParse(chat, out var id) ? id : chat)];
}
