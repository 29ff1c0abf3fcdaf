namespace Chat.Api.Connections;

/// <summary>The limit that a client has exceeded.</summary>
internal enum Excess
{
    None,
    Messages,
    Bytes,
    UserMessages,
    UserBytes,
    UserTopics,
}

internal static class ExcessWords
{
    public static bool IsBytes(this Excess excess) => excess is Excess.Bytes or Excess.UserBytes;

    /// <summary>The setting's name, for metrics.</summary>
    public static string Setting(this Excess excess) => excess switch
    {
        Excess.Bytes => nameof(ConnectionOptions.BytesPerSecond),
        Excess.UserMessages => nameof(ConnectionOptions.UserMessagesPerSecond),
        Excess.UserBytes => nameof(ConnectionOptions.UserBytesPerSecond),
        Excess.UserTopics => nameof(ConnectionOptions.UserTopicsPerSecond),
        _ => nameof(ConnectionOptions.MessagesPerSecond),
    };
}
