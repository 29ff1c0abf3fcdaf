using System.Text.Json;

namespace Chat.Tests.Support;

/// <summary>A SignalR client of the chat, whichever library it is built on. Keeps what the hub calls, in order.</summary>
internal abstract class HubClient : IAsyncDisposable
{
    public const string Path = "/signalr/chat";

    public static readonly IReadOnlyList<string> EventNames = ["connected", "message", "direct", "joined", "lost", "mirror", "typing", "subscribed", "presence", "forbidden"];

    private readonly Inbox<HubEvent> _events;
    private readonly TaskCompletionSource<string> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly SemaphoreSlim _reconnected = new(0);
    private readonly Lock _gate = new(); // events of a connection that has ended come beside the next one's
    private readonly Dictionary<string, (string Epoch, long Offset)> _reached = []; // of groups; of its user: the empty name
    private Dictionary<string, (string Epoch, long Offset)> _asked = []; // by the present connection

    protected HubClient(string nick)
    {
        Nick = nick;
        _events = new Inbox<HubEvent>(nick, () => Ended);
    }

    public string Nick { get; }

    /// <summary>The node it is connected to, where the library lets that be seen; else empty.</summary>
    public abstract string Node { get; }

    /// <summary>Completes when the connection has ended for good, with the reason or an empty text; never fails.</summary>
    public Task<string> Ended => _ended.Task;

    public int Reconnections { get; private set; }

    /// <summary>For a failing test's message.</summary>
    public virtual string Condition => Ended.IsCompleted ? $"ended: {Ended.Result}" : "open";

    /// <summary>Messages that came again at a position it had passed: the server's fault, never expected.</summary>
    public int Repeated { get; private set; }

    /// <summary>Called for each event before it is kept, on the library's thread.</summary>
    public Action<HubEvent>? Heard { get; set; }

    /// <exception cref="Microsoft.AspNetCore.SignalR.HubException">The hub's own words.</exception>
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

    /// <summary>A position to resume from until something comes.</summary>
    /// <param name="group">A group; the empty name: its own messages.</param>
    /// <param name="epoch">Of the log.</param>
    /// <param name="offset">In it.</param>
    public void Remember(string group, string epoch, long offset)
    {
        lock (_gate)
        {
            _reached.TryAdd(group, (epoch, offset));
        }
    }

    /// <summary>The next event, whichever.</summary>
    public Task<HubEvent> NextAsync() => _events.NextAsync();

    /// <summary>The next event of this name; what comes before it is dropped.</summary>
    public Task<HubEvent> NextAsync(string name) => NextWhereAsync(next => next.Name == name);

    /// <summary>The next event for which this holds; what comes before it is dropped.</summary>
    public Task<HubEvent> NextWhereAsync(Func<HubEvent, bool> condition) => _events.NextAsync(condition);

    /// <summary>The events up to and including the first for which this holds.</summary>
    public Task<List<HubEvent>> UntilAsync(Func<HubEvent, bool> last) => _events.UntilAsync(last);

    /// <summary>What has come and was not taken.</summary>
    public IEnumerable<HubEvent> Pending() => _events.Pending();

    /// <summary>Returns when it has connected again; each reconnection counts once.</summary>
    public async Task ReconnectedAsync()
    {
        if (!await _reconnected.WaitAsync(ChatClient.Deadline))
        {
            throw new TimeoutException($"{Nick} did not come back within {ChatClient.Deadline.TotalSeconds} s.{(Ended.IsCompleted ? " It ended: " + Ended.Result : "")}");
        }
    }

    public Task<string> ClosedAsync() => Ended.WaitAsync(ChatClient.Deadline);

    /// <summary>Ends the connection in its library's own way.</summary>
    public abstract Task StopAsync();

    public virtual ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        _reconnected.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <param name="next">What the hub called.</param>
    /// <param name="connection">Which brought it, as <see cref="Present"/> was then; null: the present one.</param>
    protected void OnEvent(HubEvent next, object? connection = null)
    {
        lock (_gate)
        {
            // Where a replay is whole, it begins where it was asked to, which is no step back.
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

    /// <summary>The connection whose bytes come now.</summary>
    protected object Present => Volatile.Read(ref _asked);

    /// <summary>Returns when the hub has taken up the user's groups: it answers calls after that, its handshake before.</summary>
    public Task ReadyAsync() => UnsubscribeAsync("none-that-anybody-is-in");

    /// <summary>A connection begins, and asks for nothing.</summary>
    protected void Begin() => Volatile.Write(ref _asked, []);

    /// <summary>A connection begins that resumes: the positions reached, as its query.</summary>
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
            return false; // it comes again: the present connection has asked for what follows what had come out by then
        }

        if (name is "message" or "direct" && _reached.TryGetValue(topic, out var reached) && reached.Epoch == position.Epoch && reached.Offset >= position.Offset)
        {
            Repeated += isPresent ? 1 : 0;
            return false;
        }

        _reached[topic] = position;
        return true;
    }

    // A property that is not given is left out: null is another thing.
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
