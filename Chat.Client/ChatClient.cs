using System.Runtime.CompilerServices;
using Chat.Client.Topics;
using Chat.Client.Wire;

namespace Chat.Client;

/// <summary>A client of Chat for one user. It has one connection, and makes it again whenever it ends.</summary>
/// <remarks>
/// <para>After a reconnect, the client fetches what it has missed, as far as the server still has it. The reader of <see cref="ReadAllAsync"/> gets
/// each message once, in the one order of its group, over any number of connections and from whichever nodes. Where messages may be missing, a
/// <see cref="ChatSubscribed"/> at that place says so.</para>
/// <para>Calls may be made at any time, from any thread. Without a connection, they wait for one. They are made again, with the same id, until the
/// server has answered or <see cref="ChatClientOptions.CallTimeout"/> has passed.</para>
/// <example>
/// <code>
/// await using var chat = await ChatClient.ConnectAsync(new ChatClientOptions
/// {
///     Server = new Uri("http://localhost:8080"),
///     Token = async cancellation => await http.GetStringAsync("/api/auth/token?nick=anna", cancellation),
/// });
/// await chat.JoinAsync("lobby");
/// await chat.PostAsync("lobby", "Hello");
/// await foreach (var happened in chat.ReadAllAsync())
/// {
///     if (happened is ChatMessage message)
///     {
///         Console.WriteLine($"{message.Group} {message.From}: {message.Text}");
///     }
/// }
/// </code>
/// </example>
/// </remarks>
public sealed partial class ChatClient : IAsyncDisposable
{
    private readonly ChatClientOptions _options;
    private readonly EventQueue _events;
    private readonly TopicStates _topics;
    private int _isRead;

    private ChatClient(ChatClientOptions options)
    {
        options.Check();
        _options = options;
        _events = new EventQueue(options.BufferedEvents);
        _topics = new TopicStates(_events, options.Since);
        _reconnecting = new Reconnecting(options);
        StateChanged += options.StateChanged;
        _running = Task.Run(RunAsync);
    }

    /// <summary>Raised at each change of <see cref="State"/>, one change at a time. A handler must not block.</summary>
    public event EventHandler<ChatStateChange>? StateChanged;

    /// <summary>The state of the connection.</summary>
    public ChatState State { get; private set; }

    /// <summary>The user that the server has read in the client's token; empty if the server has not said.</summary>
    public string User { get; private set; } = "";

    /// <summary>The node that the client is connected to, or was last; empty if the node did not say.</summary>
    public string Node { get; private set; } = "";

    /// <summary>How many messages the client has dropped because the server should not have sent them; for tests.</summary>
    internal int Unexpected => _topics.Unexpected;

    /// <summary>How often the client has reconnected.</summary>
    public int Reconnects { get; private set; }

    /// <summary>The groups that the user is in, as far as this client knows.</summary>
    public IReadOnlyCollection<string> Groups => _topics.Groups;

    /// <summary>The client's positions: save them, and give them to a later client as <see cref="ChatClientOptions.Since"/>.</summary>
    /// <remarks>They include the events that <see cref="ReadAllAsync"/> has returned, and those that still wait to be read.</remarks>
    public IReadOnlyDictionary<string, ChatPosition> Positions => _topics.Positions;

    /// <summary>Returns at once, and connects in the background: for applications that may start without a network.</summary>
    /// <remarks>Calls wait for the first connection, each for <see cref="ChatClientOptions.CallTimeout"/>. <see cref="ChatClientOptions.StateChanged"/> is
    /// told how connecting goes.</remarks>
    /// <param name="options">Where to connect, and as whom.</param>
    public static ChatClient Start(ChatClientOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return new ChatClient(options);
    }

    /// <summary>Connects, and returns when the server has accepted the connection.</summary>
    /// <param name="options">Where to connect, and as whom.</param>
    /// <param name="cancellationToken">Ends the attempt. As long as nobody answers, the client keeps trying.</param>
    /// <exception cref="ChatException">Code <c>refused</c>: the server does not accept this client, and would not accept it the next time.</exception>
    public static async Task<ChatClient> ConnectAsync(ChatClientOptions options, CancellationToken cancellationToken = default)
    {
        var client = Start(options);
        try
        {
            await client.WaitAsync(() => client._link.Task.WaitAsync(cancellationToken)).ConfigureAwait(false);
            return client;
        }
        catch
        {
            await client.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Returns what happens, in order. Only one reader may use it at a time. It ends when the client does.</summary>
    /// <param name="cancellationToken">Ends the reading; another call continues it.</param>
    /// <exception cref="ChatException">Code <c>refused</c>: the client has stopped because the server would not accept it again.</exception>
    public async IAsyncEnumerable<ChatEvent> ReadAllAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        if (Interlocked.Exchange(ref _isRead, 1) != 0)
        {
            throw new InvalidOperationException("There is already a reader: only one at a time is possible.");
        }

        try
        {
            await foreach (var one in _events.ReadAllAsync(cancellationToken).ConfigureAwait(false))
            {
                yield return one;
            }
        }
        finally
        {
            Volatile.Write(ref _isRead, 0);
        }

        if (_refusal is not null)
        {
            throw new ChatException("refused", _refusal);
        }
    }

    /// <summary>Joins a group, with all devices of the user. The answer also comes as an event, before the group's messages.</summary>
    /// <param name="group">The group: 1 to 128 bytes of printable text. Here and elsewhere, a name is converted to Unicode normalization form C, and
    /// events have it in that form.</param>
    /// <param name="since">A position: the messages written after it come first. Default: the one in <see cref="ChatClientOptions.Since"/>, unless
    /// the client has already continued from there. Without that, only messages from now on.</param>
    /// <param name="cancellationToken">Ends the wait. The user may or may not be in the group then.</param>
    /// <returns>The position from which on the client gets the group's messages.</returns>
    /// <exception cref="ChatException">The call was refused, or not answered in time.</exception>
    public async Task<ChatSubscribed> JoinAsync(string group, ChatPosition? since = null, CancellationToken cancellationToken = default)
    {
        group = Checked(group);
        var answer = await JoinAndFetchAsync(group, since, cancellationToken).ConfigureAwait(false);
        return new ChatSubscribed(group, answer.Position ?? default, answer.Recovered);
    }

    /// <summary>Leaves a group, with all devices of the user on all nodes. Nothing of the group comes afterwards.</summary>
    /// <param name="group">The group.</param>
    /// <param name="cancellationToken">Ends the wait. The user may or may not be in the group then.</param>
    /// <exception cref="ChatException">The call was refused, or not answered in time.</exception>
    public async Task<ChatLeft> LeaveAsync(string group, CancellationToken cancellationToken = default)
    {
        group = Checked(group);
        var life = _topics.Find(group);
        var answer = await CallAsync("leave", new HubArgument { Group = group }, cancellationToken, _ => _topics.Left(group, life)).ConfigureAwait(false);
        return new ChatLeft(answer.Nodes, answer.Of);
    }

    /// <summary>Writes a message to a group. The writer gets it as well, at its place among the messages of the others.</summary>
    /// <param name="group">The group. If the order of messages matters, await each call before the next.</param>
    /// <param name="text">The text; up to 32 KiB by default.</param>
    /// <param name="id">An id of your own, different for each message: 1 to 64 bytes of letters, marks and digits of any script and <c>_ . @ -</c>. A
    /// message that is sent several times with the same id is published once, as long as the log keeps it. Default: a new, unique id.</param>
    /// <param name="cancellationToken">Ends the wait. The message may or may not be published then.</param>
    /// <returns>The message's id and position, as soon as it is published, and not before.</returns>
    /// <exception cref="ChatException">The message was refused, or not confirmed in time.</exception>
    public Task<ChatPublished> PostAsync(string group, string text, string? id = null, CancellationToken cancellationToken = default)
    {
        group = Checked(group);
        ArgumentNullException.ThrowIfNull(text);
        return PublishAsync("post", new HubArgument { Group = group, Message = text, Id = id ?? NewId() }, cancellationToken);
    }

    /// <summary>Writes a message to a user, who gets it on every device.</summary>
    /// <param name="user">The recipient.</param>
    /// <param name="text">As in <see cref="PostAsync"/>.</param>
    /// <param name="id">As in <see cref="PostAsync"/>.</param>
    /// <param name="cancellationToken">As in <see cref="PostAsync"/>.</param>
    /// <returns>The message's id and position, as soon as it is published, and not before.</returns>
    /// <exception cref="ChatException">The message was refused, or not confirmed in time.</exception>
    public Task<ChatPublished> SendAsync(string user, string text, string? id = null, CancellationToken cancellationToken = default)
    {
        user = Checked(user);
        ArgumentNullException.ThrowIfNull(text);
        return PublishAsync("send", new HubArgument { To = user, Message = text, Id = id ?? NewId() }, cancellationToken);
    }

    /// <summary>Returns messages of a group's log: the latest, or those after a position. The user has to be in the group.</summary>
    /// <param name="group">The group.</param>
    /// <param name="since">The position; null for the latest messages.</param>
    /// <param name="limit">The largest number of messages to return; the server has a limit of its own, 300 by default.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="ChatException">The call was refused, or not answered in time.</exception>
    public async Task<ChatHistory> HistoryAsync(string group, ChatPosition? since = null, int? limit = null, CancellationToken cancellationToken = default)
    {
        group = Checked(group);
        var answer = await CallAsync("history", new HubArgument { Group = group, Since = since?.ToString(), Limit = limit }, cancellationToken).ConfigureAwait(false);
        return new ChatHistory([.. MessagesOf(answer).Where(message => !_topics.IsDeleted(group, message.Position))], answer.Position ?? default, answer.Recovered)
        {
            Deletions = [.. DeletionsOf(answer)],
        };
    }

    /// <summary>Tells the others in a group that this user is typing. Call it at each keystroke: the server passes on at most one notice a second. A
    /// notice may get lost, and without a connection none is sent.</summary>
    /// <param name="group">The group.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task TypingAsync(string group, CancellationToken cancellationToken = default)
    {
        group = Checked(group);
        try
        {
            if (_link.Task.IsCompletedSuccessfully)
            {
                await (await _link.Task.ConfigureAwait(false)).SendAsync("typing", new HubArgument { Group = group }, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (LinkException)
        {
            // The user will type again after the reconnect.
        }
    }

    /// <summary>Returns who is in a group. From then on, <see cref="ChatPresence"/> events say who comes and goes, also after reconnects.</summary>
    /// <param name="group">The group. The user has to be in it.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The number of users, and a list of them, which is null if they are too many.</returns>
    /// <exception cref="ChatException">The call was refused, or not answered in time.</exception>
    public Task<ChatPresence> WatchPresenceAsync(string group, CancellationToken cancellationToken = default)
    {
        group = Checked(group);
        return PresenceAsync(group, watch: true, cancellationToken);
    }

    /// <summary>Returns who is in a group, once. An earlier <see cref="WatchPresenceAsync"/> is not resumed after the next reconnect.</summary>
    /// <param name="group">The group. The user has to be in it.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The number of users, and a list of them, which is null if they are too many.</returns>
    /// <exception cref="ChatException">The call was refused, or not answered in time.</exception>
    public Task<ChatPresence> PresenceAsync(string group, CancellationToken cancellationToken = default)
    {
        group = Checked(group);
        return PresenceAsync(group, watch: false, cancellationToken);
    }

    /// <summary>Connects now instead of at the end of a pause (<see cref="ChatState.Waiting"/>). Call it when somebody asks for it, or when the
    /// device is online again.</summary>
    public void Hurry() => _hurried?.TrySetResult();

    /// <summary>Ends the connection and the pending calls. The reader still gets the events that have already arrived.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        _events.Open();
        await _running.ConfigureAwait(false);
    }

    private static string Checked(string name, [CallerArgumentExpression(nameof(name))] string? what = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(name, what);
        return TopicStates.NameOf(name);
    }

    private static string NewId() => Guid.NewGuid().ToString("N");

    private async Task<ChatPublished> PublishAsync(string method, HubArgument argument, CancellationToken cancellationToken)
    {
        var answer = await CallAsync(method, argument, cancellationToken).ConfigureAwait(false);
        return new ChatPublished(answer.Id ?? argument.Id!, answer.Position ?? default);
    }

    private async Task<ChatPresence> PresenceAsync(string group, bool watch, CancellationToken cancellationToken)
    {
        var answer = await CallAsync("presence", new HubArgument { Group = group, Watch = watch }, cancellationToken, _ => _topics.Watch(group, watch)).ConfigureAwait(false);
        return PresenceOf(group, answer);
    }
}
