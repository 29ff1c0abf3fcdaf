using System.Collections.Concurrent;
using System.Net.WebSockets;

namespace Chat.Tests.Support;

/// <summary>A client of one topic that does what PROTOCOL.md asks of clients: when its connection ends it connects
/// again after a random pause, on whichever node answers, with the position it has reached, drops by id what it
/// knows, and sends again, with the same id, what was not acknowledged.</summary>
internal sealed class ResumingClient : IAsyncDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(2);

    private readonly Func<Uri> _server;
    private readonly string _path;
    private readonly CancellationTokenSource _stopping = new();
    private readonly TaskCompletionSource _subscribed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ConcurrentDictionary<string, Publish> _unacknowledged = new();
    private readonly ConcurrentDictionary<string, bool> _own = new();
    private readonly HashSet<string> _seen = []; // only the loop touches it
    private readonly List<ChatFrame> _messages = []; // guards itself
    private readonly Task _running;
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ChatClient? _connection;
    private string? _epoch;
    private long _offset;

    /// <param name="server">Called for each attempt: which node, or the edge.</param>
    /// <param name="path">Without query.</param>
    public ResumingClient(Func<Uri> server, string path)
    {
        _server = server;
        _path = path;
        _running = RunAsync();
    }

    /// <summary>Completes when it has joined for the first time.</summary>
    public Task Subscribed => _subscribed.Task;

    /// <summary>Where it is connected; empty between connections.</summary>
    public string Node => _connection?.Node ?? "";

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

    /// <summary>Returns with the ack, however many attempts and connections it takes.</summary>
    public Task<ChatFrame> PublishAsync(string id, string text)
    {
        var publish = new Publish(id, text, new(TaskCreationOptions.RunContinuationsAsynchronously));
        _own[id] = true;
        _unacknowledged[id] = publish;
        _ = TrySendAsync(_connection, publish);
        return publish.Ack.Task;
    }

    /// <summary>Returns when that many messages of others have come.</summary>
    public async Task UntilAsync(int messages, TimeSpan within)
    {
        using var deadline = new CancellationTokenSource(within);
        while (true)
        {
            Task changed;
            lock (_messages)
            {
                if (_messages.Count >= messages)
                {
                    return;
                }

                changed = _changed.Task;
            }

            try
            {
                await changed.WaitAsync(deadline.Token);
            }
            catch (OperationCanceledException)
            {
                throw new TimeoutException($"{_path} has {Messages.Count} of {messages} messages after {within}.");
            }
        }
    }

    /// <summary>Ends the present connection as a crash of the network does; it resumes.</summary>
    public void Break() => _connection?.Abort();

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        _connection?.Abort();
        await _running;
        _stopping.Dispose();
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
                failures = 0;
                await ReadAsync(connection);
            }
            catch (Exception exception) when (exception is RefusedException or WebSocketException or OperationCanceledException or HttpRequestException)
            {
                failures++; // the node is gone, stopping or full, or Redis is away: another attempt
            }

            // Random, so that those whose node died don't come back all at once.
            var longest = Math.Min(LongestPause.TotalMilliseconds, Pause.TotalMilliseconds * Math.Pow(2, failures));
            await Task.Delay(TimeSpan.FromMilliseconds(Random.Shared.NextDouble() * longest), _stopping.Token)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
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
            _connection = null;
        }
    }

    private void OnFrame(ChatClient connection, ChatFrame frame)
    {
        switch (frame.Type)
        {
            case "subscribed":
                OnSubscribed(connection, frame);
                break;
            case "message":
                OnMessage(frame);
                break;
            case "ack" when _unacknowledged.TryRemove(frame.Id!, out var publish):
                publish.Ack.TrySetResult(frame);
                break;
            case "error" when frame.Retry == true && frame.Id is not null && _unacknowledged.TryGetValue(frame.Id, out var publish):
                _ = SendLaterAsync(connection, publish);
                break;
            case "error" when frame.Retry == true:
                _unacknowledged.Values.ToList().ForEach(publish => _ = SendLaterAsync(connection, publish)); // it does not say which
                break;
        }
    }

    private void OnSubscribed(ChatClient connection, ChatFrame frame)
    {
        Holes += frame.Recovered == true ? 0 : 1;
        (_epoch, _offset) = (frame.Epoch, frame.Offset);
        if (_connection is null)
        {
            _connection = connection;
            _unacknowledged.Values.ToList().ForEach(publish => _ = TrySendAsync(connection, publish));
        }

        _subscribed.TrySetResult();
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
            _changed.TrySetResult();
            _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    private async Task SendLaterAsync(ChatClient connection, Publish publish)
    {
        await Task.Delay(Pause + (Random.Shared.NextDouble() * Pause)).ConfigureAwait(false);
        await TrySendAsync(connection, publish);
    }

    private async Task TrySendAsync(ChatClient? connection, Publish publish)
    {
        try
        {
            if (connection is not null && connection == _connection && !publish.Ack.Task.IsCompleted)
            {
                await connection.SendJsonAsync(new { Msg = publish.Text, MsgId = publish.Id });
            }
        }
        catch (Exception exception) when (exception is WebSocketException or ObjectDisposedException or InvalidOperationException)
        {
            // The connection is gone; the next one sends what is unacknowledged.
        }
    }

    private sealed record Publish(string Id, string Text, TaskCompletionSource<ChatFrame> Ack);
}
