using System.Globalization;
using System.Text.RegularExpressions;

namespace Chat.Client;

/// <summary>The server refused something, or something did not happen in time.</summary>
public sealed partial class ChatException : Exception
{
    /// <summary>Creates an exception.</summary>
    /// <param name="code">The value of <see cref="Code"/>.</param>
    /// <param name="message">The error in words.</param>
    /// <param name="innerException">The cause.</param>
    public ChatException(string code, string message, Exception? innerException = null)
        : base(message, innerException)
    {
        Code = code;
        Until = code is "forbidden" or "refused" ? TimeIn(message) : null;
    }

    /// <summary>The code of the error: the server's, such as <c>not_member</c> (docs/HUB.md, Errors), or one of this library's:</summary>
    /// <value><c>refused</c>: the server does not accept this client, and would not accept it the next time. <c>timeout</c>: no answer within
    /// <see cref="ChatClientOptions.CallTimeout"/>, over all attempts, or none to a message within 8 minutes; a message may or may not be published.
    /// <c>stopped</c>: the client has ended, or was disposed of.</value>
    public string Code { get; }

    /// <summary>With the codes <c>forbidden</c> and <c>refused</c>: when this ends, if the server says so, as for a mute or a ban that ends by itself.</summary>
    /// <value>Null: not known, or never.</value>
    public DateTimeOffset? Until { get; }

    internal bool IsWorthRetrying => Code is "not_published" or "unavailable" or "topic_busy" or "too_many_messages" or "too_many_bytes" or "too_many_new_topics" or "internal";

    /// <summary>The call may have been carried out all the same.</summary>
    internal bool IsDoubtful => Code is "not_published" or "internal";

    // An error of the hub is only a sentence, so the time is read from its text.
    private static DateTimeOffset? TimeIn(string message) =>
        UntilWhen().Match(message) is { Success: true } match
            && DateTimeOffset.TryParse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time : null;

    [GeneratedRegex(@" until (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)\.")]
    private static partial Regex UntilWhen();
}
