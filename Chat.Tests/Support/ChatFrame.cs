using System.Text.Json;

namespace Chat.Tests.Support;

/// <summary>A JSON frame from the server; which fields it has depends on its type.</summary>
internal sealed record ChatFrame(
    string Type,
    string? Topic = null,
    string? From = null,
    string? Msg = null,
    string? Id = null,
    string? Epoch = null,
    long Offset = 0,
    long At = 0,
    bool? Recovered = null,
    string? Code = null,
    bool? Retry = null,
    long Version = 0,
    long Count = 0,
    ChatMember[]? Members = null,
    string[]? Joined = null,
    string[]? Left = null,
    int? AfterMs = null,
    long? Until = null,
    ChatDeletion? Deleted = null)
{
    public string Position => $"{Epoch}:{Offset}";

    public static ChatFrame Parse(string text) => JsonSerializer.Deserialize<ChatFrame>(text, JsonSerializerOptions.Web)!;
}

/// <summary>The message that a <c>deleted</c> frame is about.</summary>
internal sealed record ChatDeletion(string Id, string Epoch, long Offset);

/// <summary>A user in a topic, in a <c>presence</c> frame.</summary>
internal sealed record ChatMember(string User, long Connections);

/// <summary>How a connection ended. Without a closing handshake the code is 1006.</summary>
internal sealed record Closing(int Code, string Reason);

/// <summary>The server answered the upgrade with this status instead of 101.</summary>
internal sealed class RefusedException(int status, string? retryAfter) : Exception($"The server answered {status}.")
{
    public int Status => status;

    public string? RetryAfter => retryAfter;
}
