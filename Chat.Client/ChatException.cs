using System.Globalization;
using System.Text.RegularExpressions;

namespace Chat.Client;

/// <summary>Something that the server refused, or that did not happen in time.</summary>
public sealed partial class ChatException : Exception
{
    /// <summary>Creates one.</summary>
    /// <param name="code">As <see cref="Code"/>.</param>
    /// <param name="message">In words.</param>
    /// <param name="innerException">What it came from.</param>
    public ChatException(string code, string message, Exception? innerException = null)
        : base(message, innerException)
    {
        Code = code;
        Until = code is "forbidden" or "refused" ? TimeIn(message) : null;
    }

    /// <summary>The server's code, such as <c>not_member</c> (docs/HUB.md, Errors), or one of this library's:</summary>
    /// <value><c>refused</c>: the server does not take this client, and would not the next time. <c>timeout</c>: no answer within
    /// <see cref="ChatClientOptions.CallTimeout"/>, however often it was tried; a message may be published or not. <c>stopped</c>: the client has
    /// ended, or was disposed of.</value>
    public string Code { get; }

    /// <summary>With the codes <c>forbidden</c> and <c>refused</c>: until when, where the server says so, as of a mute or a ban that ends by itself.</summary>
    /// <value>Null: not known, or for ever.</value>
    public DateTimeOffset? Until { get; }

    internal bool IsWorthRetrying => Code is "not_published" or "unavailable" or "topic_busy" or "too_many_messages" or "too_many_bytes" or "too_many_new_topics" or "internal";

    // An error of the hub is a sentence and nothing else.
    private static DateTimeOffset? TimeIn(string message) =>
        UntilWhen().Match(message) is { Success: true } match
            && DateTimeOffset.TryParse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time : null;

    [GeneratedRegex(@" until (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)\.")]
    private static partial Regex UntilWhen();
}
