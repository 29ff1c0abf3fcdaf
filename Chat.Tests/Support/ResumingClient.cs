using System.Collections.Concurrent;
using System.Net.WebSockets;

namespace Chat.Tests.Support;

/// <summary>A client of one topic that does what docs/PROTOCOL.md asks of clients. When its connection ends it reconnects after a random pause, on
/// whichever node answers, with the position it has reached. It drops messages whose ids it knows, and sends unacknowledged messages again with the
/// same id.</summary>
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

    /// <param name="server">Called for each attempt; returns a node or the edge.</param>
    /// <param name="path">The path without query.</param>
    /// <param name="heard">Called for each frame as it arrived, also for frames that are dropped.</param>
    public ResumingClient(Func<Uri> server, string path, Action<ChatFrame>? heard = null)
    {
        _server = server;
        _path = path;
        _heard = heard;
        _running = RunAsync();
    }

    /// <summary>Completes when the client has joined for the first time.</summary>
    public Task Subscribed => _subscribed.Task;

    /// <summary>The node that it is connected to; empty between connections.</summary>
    public string Node => _connected.Task is { IsCompletedSuccessfully: true, Result.Node: var node } ? node : "";

    public int Resumes { get; private set; }

    /// <summary>How often the server said that messages may be missing.</summary>
    public int Holes { get; private set; }

    /// <summary>The number of messages that came again at a position already passed. That would be a fault of the server and is never expected.</summary>
    public int Repeated { get; private set; }

    /// <summary>How the connections ended so far.</summary>
    public ConcurrentQueue<Closing> Closings { get; } = new();

    /// <summary>The messages of others in the order of their arrival, each id once.</summary>
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
    /// <param name="id">The message's id, which no other message has.</param>
    /// <param name="text">Any text.</param>
    /// <param name="to">The recipient, on <c>/chat/user</c>.</param>
    /// <param name="outOfTurn">Called when later messages of this client may overtake this one, because it has to wait for a connection or is sent again.</param>
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

    /// <summary>Returns when this many messages of others have arrived.</summary>
    public Task UntilAsync(int messages, TimeSpan within) => UntilAsync(() => Count >= messages, $"{messages} messages", within);

    /// <summary>Returns when the client has resumed this often.</summary>
    public Task UntilResumedAsync(int resumes, TimeSpan within) => UntilAsync(() => Resumes >= resumes && Node.Length > 0, $"{resumes} resumes", within);

    /// <summary>Ends the present connection the way a network failure does. The client then resumes.</summary>
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

    // Random, so that the clients of a node that died don't all come back at once.
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
                changed = _changed.Task; // taken before the condition is checked, so that no change falls in between
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
                // The node is gone, stopping or full, or Redis is away. The loop tries again.
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
            if (_connected.Task.IsCompleted) // else callers wait for it: this connection ended before it had joined
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

    // An ack moves no position, since messages that others published earlier may still be on their way.
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
            return; // its own message from an earlier connection, or one it knows
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
            await connection.SendJsonAsync(new { Id = to, Msg = text, MsgId = id }); // an Id that is null counts as absent
        }
        catch (Exception exception) when (exception is WebSocketException or ObjectDisposedException or InvalidOperationException or OperationCanceledException)
        {
            // The connection is gone, or was aborted meanwhile. The next connection sends the message.
        }
    }

    private sealed class Publish
    {
        public TaskCompletionSource<ChatFrame> Ack { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource Refused { get; set; } = NewSignal();
    }
}
