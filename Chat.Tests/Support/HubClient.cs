using System.Text.Json;

namespace Chat.Tests.Support;

/// <summary>A SignalR client of the chat, with one subclass for each client library. It keeps the hub's calls in order.</summary>
internal abstract class HubClient : IAsyncDisposable
{
    public const string Path = "/signalr/chat";

    public static readonly IReadOnlyList<string> EventNames = ["connected", "message", "direct", "joined", "lost", "mirror", "typing", "subscribed", "presence", "forbidden", "deleted"];

    private readonly Inbox<HubEvent> _events;
    private readonly TaskCompletionSource<string> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly SemaphoreSlim _reconnected = new(0);
    private readonly Lock _gate = new(); // events of an ended connection arrive beside those of the next one
    private readonly Dictionary<string, (string Epoch, long Offset)> _reached = []; // by group; the empty name stands for the user's own messages
    private Dictionary<string, (string Epoch, long Offset)> _asked = []; // the positions that the present connection asked for

    protected HubClient(string nick)
    {
        Nick = nick;
        _events = new Inbox<HubEvent>(nick, () => Ended);
    }

    public string Nick { get; }

    /// <summary>The node that it is connected to. Empty when the library does not reveal it.</summary>
    public abstract string Node { get; }

    /// <summary>Completes when the connection has ended for good, with the reason or an empty text. It never fails.</summary>
    public Task<string> Ended => _ended.Task;

    public int Reconnections { get; private set; }

    /// <summary>A description for the message of a failing test.</summary>
    public virtual string Condition => Ended.IsCompleted ? $"ended: {Ended.Result}" : "open";

    /// <summary>The number of messages that came again at a position already passed. That would be a fault of the server and is never expected.</summary>
    public int Repeated { get; private set; }

    /// <summary>Called for each event before it is kept, on the library's thread.</summary>
    public Action<HubEvent>? Heard { get; set; }

    /// <exception cref="Microsoft.AspNetCore.SignalR.HubException">The hub refused the call; the message is the hub's own.</exception>
    public abstract Task<JsonElement> InvokeAsync(string method, params object?[] arguments);

    public async Task<T> InvokeAsync<T>(string method, params object?[] arguments) =>
        (await InvokeAsync(method, arguments)).Deserialize<T>(JsonSerializerOptions.Web)!;

    public Task<HubPublished> PostAsync(string group, string message, string? id = null) =>
        InvokeAsync<HubPublished>("post", With(new { message, group, nick = Nick }, ("id", id)));

    public Task<HubHistory> JoinAsync(string group, string? since = null) =>
        InvokeAsync<HubHistory>("join", With(new { group, nick = Nick }, ("since", since)));

    public Task<HubLeft> LeaveAsync(string group) => InvokeAsync<HubLeft>("leave", new { group, nick = Nick });

    public Task UnsubscribeAsync(string group) => InvokeAsync("unsubscribe", new { group });

    public Task<HubPublished> SendAsync(string to, string message, string? id = null) =>
        InvokeAsync<HubPublished>("send", With(new { to, message }, ("id", id)));

    public Task<HubHistory> HistoryAsync(string group, string? since = null, int? limit = null) =>
        InvokeAsync<HubHistory>("history", With(new { group }, ("since", since), ("limit", limit)));

    public Task<HubPresence> PresenceAsync(string group, bool? watch = null) =>
        InvokeAsync<HubPresence>("presence", With(new { group }, ("watch", watch)));

    public Task TypingAsync(string group) => InvokeAsync("typing", new { group });

    public Task<HubRefreshed> RefreshAsync(string token) => InvokeAsync<HubRefreshed>("refresh", new { token });

    /// <summary>Sets the position to resume from until a message arrives.</summary>
    /// <param name="group">A group, or the empty name for the user's own messages.</param>
    /// <param name="epoch">The epoch of the log.</param>
    /// <param name="offset">The offset in the log.</param>
    public void Remember(string group, string epoch, long offset)
    {
        lock (_gate)
        {
            _reached.TryAdd(group, (epoch, offset));
        }
    }

    /// <summary>The next event of any name.</summary>
    public Task<HubEvent> NextAsync() => _events.NextAsync();

    /// <summary>The next event of this name; events before it are dropped.</summary>
    public Task<HubEvent> NextAsync(string name) => NextWhereAsync(next => next.Name == name);

    /// <summary>The next event that meets the condition; events before it are dropped.</summary>
    public Task<HubEvent> NextWhereAsync(Func<HubEvent, bool> condition) => _events.NextAsync(condition);

    /// <summary>The events up to and including the first that meets the condition.</summary>
    public Task<List<HubEvent>> UntilAsync(Func<HubEvent, bool> last) => _events.UntilAsync(last);

    /// <summary>The events that have arrived and were not taken.</summary>
    public IEnumerable<HubEvent> Pending() => _events.Pending();

    /// <summary>Returns when the client has reconnected. Each reconnection counts once.</summary>
    public async Task ReconnectedAsync()
    {
        if (!await _reconnected.WaitAsync(ChatClient.Deadline))
        {
            throw new TimeoutException($"{Nick} did not come back within {ChatClient.Deadline.TotalSeconds} s.{(Ended.IsCompleted ? " It ended: " + Ended.Result : "")}");
        }
    }

    public Task<string> ClosedAsync() => Ended.WaitAsync(ChatClient.Deadline);

    /// <summary>Ends the connection in the way of the client's library.</summary>
    public abstract Task StopAsync();

    public virtual ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        _reconnected.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <param name="next">The hub's call.</param>
    /// <param name="connection">The connection that delivered it: the value that <see cref="Present"/> had then. Null means the present connection.</param>
    protected void OnEvent(HubEvent next, object? connection = null)
    {
        lock (_gate)
        {
            // A complete replay begins at the position that was asked for, which is no step back.
            var topic = next.Group ?? (next.To == Nick ? "" : null);
            if (topic is not null && next is { Epoch: { } epoch, Recovered: null or false }
                && !TryReach_NeedsLock(next.Name, topic, (epoch, next.Offset), isPresent: connection is null || connection == _asked))
            {
                return;
            }

            Heard?.Invoke(next);
            _events.Add(next);
        }
    }

    protected void OnReconnected()
    {
        Reconnections++;
        _reconnected.Release();
    }

    protected void OnEnded(string reason)
    {
        _ended.TrySetResult(reason);
        _events.Complete();
    }

    /// <summary>Identifies the connection whose bytes arrive now.</summary>
    protected object Present => Volatile.Read(ref _asked);

    /// <summary>Returns when the hub has joined the user's groups. The hub answers calls only after that, but its handshake before.</summary>
    public Task ReadyAsync() => UnsubscribeAsync("none-that-anybody-is-in");

    /// <summary>Called when a connection begins that resumes nothing.</summary>
    protected void Begin() => Volatile.Write(ref _asked, []);

    /// <summary>Called when a connection begins that resumes. Returns its query, which contains the positions reached.</summary>
    protected string BeginSince()
    {
        lock (_gate)
        {
            Volatile.Write(ref _asked, new(_reached));
        }

        var groups = string.Join(',', _asked.Where(pair => pair.Key.Length > 0).Select(pair => $"{Uri.EscapeDataString(pair.Key)}:{pair.Value.Epoch}:{pair.Value.Offset}"));
        var user = _asked.TryGetValue("", out var own) ? $"since.user={own.Epoch}:{own.Offset}" : "";
        return string.Join('&', ((string[])[groups.Length > 0 ? "since=" + groups : "", user]).Where(part => part.Length > 0));
    }

    private bool TryReach_NeedsLock(string name, string topic, (string Epoch, long Offset) position, bool isPresent)
    {
        if (!isPresent && _asked.ContainsKey(topic))
        {
            return false; // will be replayed: the present connection asked for all that follows the position reached when it began
        }

        if (name is "message" or "direct" && _reached.TryGetValue(topic, out var reached) && reached.Epoch == position.Epoch && reached.Offset >= position.Offset)
        {
            Repeated += isPresent ? 1 : 0;
            return false;
        }

        _reached[topic] = position;
        return true;
    }

    // An optional property without a value is left out, because null would mean something else.
    private static Dictionary<string, object?> With<T>(T message, params (string Name, object? Value)[] optional)
    {
        var all = typeof(T).GetProperties().ToDictionary(property => property.Name, property => property.GetValue(message));
        foreach (var (name, value) in optional)
        {
            if (value is not null)
            {
                all[name] = value;
            }
        }

        return all;
    }
}
