using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Chat.Client;

/// <summary>How a <see cref="ChatClient"/> connects.</summary>
public sealed class ChatClientOptions
{
    /// <summary>Where the edge is, such as <c>https://chat.example.com</c>.</summary>
    /// <value>An absolute http or https URL.</value>
    public required Uri Server { get; init; }

    /// <summary>Where the server is at each attempt, in place of <see cref="Server"/>; for tests, whose servers move.</summary>
    internal Func<Uri>? Door { get; init; }

    /// <summary>Gives a token of the user: asked before each connection, and again before the token is over.</summary>
    /// <remarks>What it throws counts as a failed attempt, and it is asked again later.</remarks>
    public required Func<CancellationToken, ValueTask<string>> Token { get; init; }

    /// <summary>Where an earlier client of the same user was (<see cref="ChatClient.Positions"/>): this one continues from there.</summary>
    /// <value>By group; the key of the user's own messages is the empty text. Default: none, so that it hears what comes from now on.</value>
    public IReadOnlyDictionary<string, ChatPosition> Since { get; init; } = new Dictionary<string, ChatPosition>();

    /// <summary>How long a call, with all attempts and reconnects in between, may take.</summary>
    /// <value>1 second or more, or <see cref="Timeout.InfiniteTimeSpan"/>. Default 1 minute.</value>
    public TimeSpan CallTimeout { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>How long one attempt of a call may take before it is made again, with the same id.</summary>
    /// <value>100 ms or more. Default 5 seconds: the server answers within 2, or not at all.</value>
    public TimeSpan AttemptTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long connecting may take.</summary>
    /// <value>100 ms or more. Default 10 seconds.</value>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>After how long without anything from the server the connection is considered dead. The server sends something every 15 s.</summary>
    /// <value>1 second or more. Default 35 seconds.</value>
    public TimeSpan SilenceLimit { get; init; } = TimeSpan.FromSeconds(35);

    /// <summary>The longest pause after the first failure; it doubles with each further one. The real pause is random, from none to that (full jitter).</summary>
    /// <value>Default 500 ms.</value>
    public TimeSpan FirstDelay { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>The longest pause of all.</summary>
    /// <value>Default 30 seconds.</value>
    public TimeSpan LongestDelay { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How many events may wait for who reads them. With more, and no call under way, nothing is read from the server, which in the end
    /// closes the connection; the client resumes.</summary>
    /// <value>1 or more. Default 10,000.</value>
    public int BufferedEvents { get; init; } = 10_000;

    /// <summary>How many bytes a call may have, as JSON: what the server takes. A larger one is refused with code <c>too_big</c>, unsent.</summary>
    /// <value>1,024 or more. Default 32,768.</value>
    public int LargestCall { get; init; } = 32 * 1024;

    /// <summary>Changes how each WebSocket connects: a proxy, a certificate, a header.</summary>
    public Action<System.Net.WebSockets.ClientWebSocketOptions>? ConfigureSocket { get; init; }

    /// <summary>Where the client logs: connections, failures and their reasons, never what people wrote, nor tokens.</summary>
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
    }
}
