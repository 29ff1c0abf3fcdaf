namespace Chat.Tests.Support;

/// <summary>Settings under which a client may send as much as it likes.</summary>
internal static class Unlimited
{
    public static readonly (string Key, string Value)[] Sending =
    [
        ("Chat:Connections:MessagesPerSecond", "0"),
        ("Chat:Connections:BytesPerSecond", "0"),
        ("Chat:Connections:UserMessagesPerSecond", "0"),
        ("Chat:Connections:UserBytesPerSecond", "0"),
        ("Chat:Connections:UserTopicsPerSecond", "0"),
        ("Chat:Connections:UserEntriesPerSecond", "0"),
        ("Chat:Backplane:TopicMessagesPerSecond", "0"),
        ("Chat:Backplane:TopicBytesPerSecond", "0"),
    ];
}
