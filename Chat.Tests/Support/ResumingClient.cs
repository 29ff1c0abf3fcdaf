using System.Collections.Concurrent;
using System.Net.WebSockets;

namespace Chat.Tests.Support;

/// <summary>A client of one topic that does what docs/PROTOCOL.md asks of clients: when its connection ends it connects
/// again after a random pause, on whichever node answers, with the position it has reached, drops by id what it
/// knows, and sends again, with the same id, what was not acknowledged.</summary>
internal sealed class ResumingClient : IAsyncDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(0.5);
    private static readonly TimeSpan LongestPauseToConnect = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan LongestPauseToSend = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan AckTime = TimeSpan.FromSeconds(5);

    private readonly Func<Uri> _server;
    private readonly string _path;
    private readonly Action<ChatFrame>? _heard;
    private readonly CancellationTokenSource _stopping = new();
    private readonly TaskCompletionSource _subscribed = NewSignal();
    private readonly ConcurrentDictionary<string, Publish> _unsettled = new();
    private readonly ConcurrentDictionary<string, bool> _own = new();
    private readonly HashSet<string> _seen = []; // only the loop touches it
    private readonly List<ChatFrame> _messages = []; // guards itself and _changed
    private readonly Task _running;
    private TaskCompletionSource _changed = NewSignal();
    private volatile TaskCompletionSource<ChatClient> _connected = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private string? _epoch;
    private long _offset;

    /// <param name="server">Called for each attempt: which node, or the edge.</param>
    /// <param name="path">Without query.</param>
    /// <param name="heard">Called for each frame as it came, also for those that are dropped.</param>
    public ResumingClient(Func<Uri> server, string path, Action<ChatFrame>? heard = null)
    {
        _server = server;
        _path = path;
        _heard = heard;
        _running = RunAsync();
    }

    /// <summary>Completes when it has joined for the first time.</summary>
    public Task Subscribed => _subscribed.Task;

    /// <summary>Where it is connected; empty between connections.</summary>
    public string Node => _connected.Task is { IsCompletedSuccessfully: true, Result.Node: var node } ? node : "";

    public int Resumes { get; private set; }

    /// <summary>How often it was told that something may be missing.</summary>
    public int Holes { get; private set; }

    /// <summary>Messages that came again at a position it had passed: the server's fault, never expected.</summary>
    public int Repeated { get; private set; }

    /// <summary>How the connections ended so far.</summary>
    public ConcurrentQueue<Closing> Closings { get; } = new();

    /// <summary>The messages of others, in the order in which they came, each id once.</summary>
    public List<ChatFrame> Messages
    {
        get
        {
            lock (_messages)
            {
                return [.. _messages];
            }
        }
    }

    public int Count
    {
        get
        {
            lock (_messages)
            {
                return _messages.Count;
            }
        }
    }

    /// <summary>Returns with the ack, however many attempts and connections it takes.</summary>
    /// <param name="id">No other message's.</param>
    /// <param name="text">Any.</param>
    /// <param name="to">To which user, on <c>/chat/user</c>.</param>
    /// <param name="outOfTurn">Called when what this client publishes after this may come before it: it has to wait for a connection, or is sent again.</param>
    public async Task<ChatFrame> PublishAsync(string id, string text, string? to = null, Action? outOfTurn = null)
    {
        var publish = new Publish();
        _own[id] = true;
        _unsettled[id] = publish;
        for (var failures = 0; ; failures++)
        {
            var connected = _connected.Task;
            if (failures > 0 || !connected.IsCompleted)
            {
                outOfTurn?.Invoke();
            }

            var connection = await connected;
            publish.Refused = NewSignal();
            await TrySendAsync(connection, id, text, to);
            await Task.WhenAny(publish.Ack.Task, publish.Refused.Task, connection.Ended, Task.Delay(AckTime, _stopping.Token));
            if (publish.Ack.Task.IsCompletedSuccessfully)
            {
                return await publish.Ack.Task;
            }

            await Task.Delay(Jitter(failures, LongestPauseToSend), _stopping.Token); // the pause that docs/PROTOCOL.md asks of clients
        }
    }

    /// <summary>Returns when that many messages of others have come.</summary>
    public Task UntilAsync(int messages, TimeSpan within) => UntilAsync(() => Count >= messages, $"{messages} messages", within);

    /// <summary>Returns when it has resumed that often.</summary>
    public Task UntilResumedAsync(int resumes, TimeSpan within) => UntilAsync(() => Resumes >= resumes && Node.Length > 0, $"{resumes} resumes", within);

    /// <summary>Ends the present connection as a crash of the network does; it resumes.</summary>
    public void Break()
    {
        if (_connected.Task.IsCompletedSuccessfully)
        {
            _connected.Task.Result.Abort();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        Break();
        await _running;
        _stopping.Dispose();
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    // Random, so that those whose node died don't come back all at once.
    private static TimeSpan Jitter(int failures, TimeSpan longest) =>
        Random.Shared.NextDouble() * Math.Min(longest.TotalSeconds, Pause.TotalSeconds * Math.Pow(2, failures)) * TimeSpan.FromSeconds(1);

    private async Task UntilAsync(Func<bool> condition, string what, TimeSpan within)
    {
        using var deadline = new CancellationTokenSource(within);
        while (true)
        {
            Task changed;
            lock (_messages)
            {
                changed = _changed.Task; // before the condition is looked at, so that no change falls in between
            }

            if (condition())
            {
                return;
            }

            try
            {
                await changed.WaitAsync(deadline.Token);
            }
            catch (OperationCanceledException)
            {
                throw new TimeoutException($"{_path} waited {within} for {what}; it has {Count} messages and {Resumes} resumes.");
            }
        }
    }

    private void Changed()
    {
        lock (_messages)
        {
            _changed.TrySetResult();
            _changed = NewSignal();
        }
    }

    private async Task RunAsync()
    {
        var failures = 0;
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                var since = _epoch is null ? "" : $"&since={_epoch}:{_offset}";
                await using var connection = await ChatClient.ConnectAsync(_server(), $"{_path}?format=json{since}", _stopping.Token);
                Resumes += _epoch is null ? 0 : 1;
                failures = -1;
                await ReadAsync(connection);
            }
            catch (Exception exception) when (exception is RefusedException or WebSocketException or OperationCanceledException or HttpRequestException)
            {
                // The node is gone, stopping or full, or Redis is away: another attempt.
            }

            // As above: the pause that docs/PROTOCOL.md asks of clients.
            await Task.Delay(Jitter(++failures, LongestPauseToConnect), _stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task ReadAsync(ChatClient connection)
    {
        try
        {
            while (true)
            {
                OnFrame(connection, ChatFrame.Parse(await connection.NextOrEndAsync(_stopping.Token)));
            }
        }
        catch (EndOfStreamException)
        {
            Closings.Enqueue(await connection.Ended);
        }
        finally
        {
            if (_connected.Task.IsCompleted) // else some wait for it, and this connection ended before it was any use
            {
                _connected = new(TaskCreationOptions.RunContinuationsAsynchronously);
            }
        }
    }

    private void OnFrame(ChatClient connection, ChatFrame frame)
    {
        _heard?.Invoke(frame);
        switch (frame.Type)
        {
            case "subscribed":
                Holes += frame.Recovered == true ? 0 : 1;
                (_epoch, _offset) = (frame.Epoch, frame.Offset);
                _connected.TrySetResult(connection);
                _subscribed.TrySetResult();
                Changed();
                break;
            case "message":
                OnMessage(frame);
                break;
            case "ack" when _unsettled.TryRemove(frame.Id!, out var publish):
                publish.Ack.TrySetResult(frame);
                break;
            case "error" when frame is { Retry: true, Id: { } id } && _unsettled.TryGetValue(id, out var publish):
                publish.Refused.TrySetResult();
                break;
        }
    }

    // An ack moves no position: what others published before it may still be on its way.
    private void OnMessage(ChatFrame frame)
    {
        if (frame.Epoch == _epoch && frame.Offset <= _offset)
        {
            Repeated++;
            return;
        }

        (_epoch, _offset) = (frame.Epoch, frame.Offset);
        if (_own.ContainsKey(frame.Id!) || !_seen.Add(frame.Id!))
        {
            return; // its own from an earlier connection, or one it knows
        }

        lock (_messages)
        {
            _messages.Add(frame);
        }

        Changed();
    }

    private static async Task TrySendAsync(ChatClient connection, string id, string text, string? to)
    {
        try
        {
            await connection.SendJsonAsync(new { Id = to, Msg = text, MsgId = id }); // an Id that is null counts as missing
        }
        catch (Exception exception) when (exception is WebSocketException or ObjectDisposedException or InvalidOperationException or OperationCanceledException)
        {
            // The connection is gone, or was aborted in the midst of this; the next one takes it.
        }
    }

    private sealed class Publish
    {
        public TaskCompletionSource<ChatFrame> Ack { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource Refused { get; set; } = NewSignal();
    }
}
