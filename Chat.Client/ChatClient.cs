using Chat.Client.Topics;
using Chat.Client.Wire;

namespace Chat.Client;

/// <summary>A user of Chat, with one connection that is made again whenever it ends.</summary>
/// <remarks>
/// <para>What happened while it was away is fetched, as far as the server still has it: whoever reads <see cref="ReadAllAsync"/> sees each message
/// once, in the one order of its group, over any number of connections and on whichever node. Where something may be missing, a
/// <see cref="ChatSubscribed"/> says so at that place.</para>
/// <para>Calls may be made at any time, from any thread. Without a connection they wait for one, and they are made again, with the same id, until
/// the server has answered, or until <see cref="ChatClientOptions.CallTimeout"/>.</para>
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
        _running = Task.Run(RunAsync);
    }

    /// <summary>Raised at each change, one after the other. Must not block.</summary>
    public event EventHandler<ChatStateChange>? StateChanged;

    /// <summary>How it stands with the connection.</summary>
    public ChatState State { get; private set; }

    /// <summary>Who the client is, as the server has read in its token; empty if it did not say.</summary>
    public string User { get; private set; } = "";

    /// <summary>The node that the client is connected to, or was last; empty if it did not say.</summary>
    public string Node { get; private set; } = "";

    /// <summary>How many messages it has kept from who reads that the server should not have sent; for tests.</summary>
    internal int Unexpected => _topics.Unexpected;

    /// <summary>How often the connection was made again.</summary>
    public int Reconnects { get; private set; }

    /// <summary>The groups that the user is in, as far as this client knows.</summary>
    public IReadOnlyCollection<string> Groups => _topics.Groups;

    /// <summary>Where this client is: to be kept, and given to a later one as <see cref="ChatClientOptions.Since"/>.</summary>
    /// <remarks>Of what <see cref="ReadAllAsync"/> has given and of what waits there to be read.</remarks>
    public IReadOnlyDictionary<string, ChatPosition> Positions => _topics.Positions;

    /// <summary>Connects, and returns when the server has taken the connection.</summary>
    /// <param name="options">Where, and as whom.</param>
    /// <param name="cancellationToken">Ends the attempt. While nobody answers, it goes on.</param>
    /// <exception cref="ChatException">Code <c>refused</c>: the server does not take this client, and would not the next time.</exception>
    public static async Task<ChatClient> ConnectAsync(ChatClientOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        var client = new ChatClient(options);
        try
        {
            await client._link.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
            return client;
        }
        catch
        {
            await client.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>What happens, in order. It is for one reader, and ends when the client does.</summary>
    /// <param name="cancellationToken">Ends the reading; it can be taken up again.</param>
    /// <exception cref="ChatException">Code <c>refused</c>: the client has stopped because the server would not take it back.</exception>
    public async IAsyncEnumerable<ChatEvent> ReadAllAsync([System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken = default)
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

    /// <summary>Joins a group, with all devices of the user. The answer comes among the events as well, before the group's messages.</summary>
    /// <param name="group">Which: 1 to 128 bytes of printable text.</param>
    /// <param name="since">A position: what was written after it comes first. Default: what comes from now on.</param>
    /// <param name="cancellationToken">Ends the wait. The user may be in the group or not.</param>
    /// <returns>From where on the client hears the group.</returns>
    /// <exception cref="ChatException">It was refused, or not answered in time.</exception>
    public async Task<ChatSubscribed> JoinAsync(string group, ChatPosition? since = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(group);
        var answer = await JoinAndFetchAsync(group, since, cancellationToken).ConfigureAwait(false);
        return new ChatSubscribed(group, answer.Position ?? default, answer.Recovered);
    }

    /// <summary>Leaves a group, with all devices of the user on all nodes. Nothing of it comes afterwards.</summary>
    /// <param name="group">Which.</param>
    /// <param name="cancellationToken">Ends the wait. The user may be in the group or not.</param>
    /// <exception cref="ChatException">It was refused, or not answered in time.</exception>
    public async Task<ChatLeft> LeaveAsync(string group, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(group);
        var life = _topics.Find(group);
        var answer = await CallAsync("leave", new HubArgument { Group = group }, cancellationToken, _ => _topics.Left(group, life)).ConfigureAwait(false);
        return new ChatLeft(answer.Nodes, answer.Of);
    }

    /// <summary>Writes to a group. Who writes hears it, too, in its place among the others'.</summary>
    /// <param name="group">Which. Await one message before the next where their order matters.</param>
    /// <param name="text">What; up to 32 KiB by default.</param>
    /// <param name="id">An id of your own, different for each message: 1 to 64 bytes of letters, digits and <c>_ . @ -</c>. Under the same one a
    /// message is there once, however often it is sent. Default: one that nobody else has.</param>
    /// <param name="cancellationToken">Ends the wait. The message may be published or not.</param>
    /// <returns>When it is published, and only then.</returns>
    /// <exception cref="ChatException">It was refused, or not confirmed in time.</exception>
    public Task<ChatPublished> PostAsync(string group, string text, string? id = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(group);
        ArgumentNullException.ThrowIfNull(text);
        return PublishAsync("post", new HubArgument { Group = group, Message = text, Id = id ?? NewId() }, cancellationToken);
    }

    /// <summary>Writes to a user, who gets it on every device.</summary>
    /// <param name="user">To whom.</param>
    /// <param name="text">As in <see cref="PostAsync"/>.</param>
    /// <param name="id">As in <see cref="PostAsync"/>.</param>
    /// <param name="cancellationToken">As in <see cref="PostAsync"/>.</param>
    /// <returns>When it is published, and only then.</returns>
    /// <exception cref="ChatException">It was refused, or not confirmed in time.</exception>
    public Task<ChatPublished> SendAsync(string user, string text, string? id = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(user);
        ArgumentNullException.ThrowIfNull(text);
        return PublishAsync("send", new HubArgument { To = user, Message = text, Id = id ?? NewId() }, cancellationToken);
    }

    /// <summary>What a group's log has: the latest messages, or those after a position. The user has to be in the group.</summary>
    /// <param name="group">Which.</param>
    /// <param name="since">The position; null for the latest.</param>
    /// <param name="limit">At most so many messages; the server has a limit of its own, 300 by default.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="ChatException">It was refused, or not answered in time.</exception>
    public async Task<ChatHistory> HistoryAsync(string group, ChatPosition? since = null, int? limit = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(group);
        var answer = await CallAsync("history", new HubArgument { Group = group, Since = since?.ToString(), Limit = limit }, cancellationToken).ConfigureAwait(false);
        return new ChatHistory([.. MessagesOf(answer)], answer.Position ?? default, answer.Recovered);
    }

    /// <summary>Tells the others in a group that this user is typing: to be called at each key; more than one a second is not sent on. It may get
    /// lost, and does nothing without a connection.</summary>
    /// <param name="group">Where.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task TypingAsync(string group, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(group);
        try
        {
            if (_link.Task.IsCompletedSuccessfully)
            {
                await (await _link.Task.ConfigureAwait(false)).SendAsync("typing", new HubArgument { Group = group }, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (LinkException)
        {
            // Whoever comes back types again.
        }
    }

    /// <summary>Who is in a group. From then on <see cref="ChatPresence"/> tells who comes and goes, also after reconnects.</summary>
    /// <param name="group">Which. The user has to be in it.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>How many, and who: null if they are too many to be named.</returns>
    /// <exception cref="ChatException">It was refused, or not answered in time.</exception>
    public Task<ChatPresence> WatchPresenceAsync(string group, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(group);
        return PresenceAsync(group, watch: true, cancellationToken);
    }

    /// <summary>Who is in a group, once. An earlier <see cref="WatchPresenceAsync"/> is not taken up again after the next reconnect.</summary>
    /// <param name="group">Which. The user has to be in it.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>How many, and who: null if they are too many to be named.</returns>
    /// <exception cref="ChatException">It was refused, or not answered in time.</exception>
    public Task<ChatPresence> PresenceAsync(string group, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(group);
        return PresenceAsync(group, watch: false, cancellationToken);
    }

    /// <summary>Connects now instead of at the end of a pause (<see cref="ChatState.Waiting"/>): when somebody asks for it, or the device is online again.</summary>
    public void Hurry() => _hurried?.TrySetResult();

    /// <summary>Ends the connection, and what is under way. Who reads the events gets what has come so far.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        _events.Open();
        await _running.ConfigureAwait(false);
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
