using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Chat.Client;

/// <summary>How a <see cref="ChatClient"/> connects.</summary>
public sealed class ChatClientOptions
{
    // A timer cannot hold much more.
    private static readonly TimeSpan LongestTime = TimeSpan.FromDays(49);

    /// <summary>The address of the edge, such as <c>https://chat.example.com</c>.</summary>
    /// <value>An absolute http or https URL.</value>
    public required Uri Server { get; init; }

    /// <summary>Returns the address of the server for each attempt, in place of <see cref="Server"/>; for tests, whose servers move.</summary>
    internal Func<Uri>? Door { get; init; }

    /// <summary>Returns a token of the user. Called before each connection, and again before the token expires.</summary>
    /// <remarks>An exception counts as a failed attempt; the client calls this again later. So throw one if there is no token. Any other text, such as
    /// an error page, is rejected by the server, and after three such rejections in a row the client stops.</remarks>
    public required Func<CancellationToken, ValueTask<string>> Token { get; init; }

    /// <summary>The <see cref="ChatClient.Positions"/> of an earlier client of the same user: this client continues from there, in groups
    /// that the user is not in when it joins them.</summary>
    /// <value>By group; the key of the user's own messages is the empty string. Default: empty, so that the client gets only messages from now on.</value>
    public IReadOnlyDictionary<string, ChatPosition> Since { get; init; } = new Dictionary<string, ChatPosition>();

    /// <summary>How long a call may take, including all attempts and reconnects. A message that may have been published is not sent again after 8 minutes.</summary>
    /// <value>1 second to 49 days, or <see cref="Timeout.InfiniteTimeSpan"/>. Default 1 minute.</value>
    public TimeSpan CallTimeout { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>How long one attempt of a call may take before the call is made again, with the same id.</summary>
    /// <value>100 ms to 49 days. Default 5 seconds: the server answers within 2, or not at all.</value>
    public TimeSpan AttemptTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long connecting may take.</summary>
    /// <value>100 ms to 49 days. Default 10 seconds.</value>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long the server may be silent before the client considers the connection dead. The server sends something every 15 s.</summary>
    /// <value>1 second to 49 days. Default 35 seconds.</value>
    public TimeSpan SilenceLimit { get; init; } = TimeSpan.FromSeconds(35);

    /// <summary>The longest pause after the first failure. It doubles with each further failure. The actual pause is random, between zero and this
    /// value (full jitter).</summary>
    /// <value>Default 500 ms.</value>
    public TimeSpan FirstDelay { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>The longest pause after any number of failures.</summary>
    /// <value>49 days at most. Default 30 seconds.</value>
    public TimeSpan LongestDelay { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How many events may wait for the reader. If there are as many and no call is pending, the client stops reading from the server. The
    /// server eventually closes the connection, and the client resumes.</summary>
    /// <value>1 or more. Default 10,000.</value>
    public int BufferedEvents { get; init; } = 10_000;

    /// <summary>The largest size of a call in bytes, as JSON: what the server accepts. A larger call is not sent, and fails with code
    /// <c>too_big</c>.</summary>
    /// <value>1,024 or more. Default 32,768.</value>
    public int LargestCall { get; init; } = 32 * 1024;

    /// <summary>A handler of <see cref="ChatClient.StateChanged"/> that is called from the first attempt on. It is told why there is no connection yet
    /// while <see cref="ChatClient.ConnectAsync"/> waits for one.</summary>
    public EventHandler<ChatStateChange>? StateChanged { get; init; }

    /// <summary>Configures each WebSocket before it connects: a proxy, a certificate, a header.</summary>
    public Action<System.Net.WebSockets.ClientWebSocketOptions>? ConfigureSocket { get; init; }

    /// <summary>Where the client logs connections, failures and their reasons. It never logs what people wrote, nor tokens.</summary>
    public ILogger Logger { get; init; } = NullLogger.Instance;

    /// <summary>The clock.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    internal void Check()
    {
        if (!Server.IsAbsoluteUri || Server.Scheme is not ("http" or "https"))
        {
            throw new ArgumentException($"Server must be an absolute http or https URL, and is {Server}.");
        }

        ArgumentNullException.ThrowIfNull(Token);
        ArgumentNullException.ThrowIfNull(Since);
        ArgumentOutOfRangeException.ThrowIfLessThan(BufferedEvents, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(LargestCall, 1024);
        if (CallTimeout != Timeout.InfiniteTimeSpan)
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(CallTimeout, TimeSpan.FromSeconds(1));
        }

        ArgumentOutOfRangeException.ThrowIfLessThan(AttemptTimeout, TimeSpan.FromMilliseconds(100));
        ArgumentOutOfRangeException.ThrowIfLessThan(ConnectTimeout, TimeSpan.FromMilliseconds(100));
        ArgumentOutOfRangeException.ThrowIfLessThan(SilenceLimit, TimeSpan.FromSeconds(1));
        ArgumentOutOfRangeException.ThrowIfLessThan(FirstDelay, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(LongestDelay, FirstDelay);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(CallTimeout, LongestTime);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(AttemptTimeout, LongestTime);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(ConnectTimeout, LongestTime);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(SilenceLimit, LongestTime);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(LongestDelay, LongestTime);
    }
}
