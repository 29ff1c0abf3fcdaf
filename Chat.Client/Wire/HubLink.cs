using System.Collections.Concurrent;
using System.Globalization;
using System.Net.WebSockets;
using System.Text.Json;

namespace Chat.Client.Wire;

/// <summary>One WebSocket to the hub, in SignalR's JSON protocol, from its handshake to its end.</summary>
internal sealed class HubLink : IAsyncDisposable
{
    private const int MostRetryAfter = 300; // seconds
    private const int TryLater = 1013;

    private static readonly TimeSpan PingInterval = TimeSpan.FromSeconds(15); // as SignalR's clients do
    private static readonly TimeSpan ClosePatience = TimeSpan.FromSeconds(1);

    private readonly ClientWebSocket _socket = new();
    private readonly ChatClientOptions _options;
    private readonly SemaphoreSlim _sending = new(1);
    private readonly ConcurrentDictionary<string, Call> _calls = new();
    private readonly RecordBuffer _records = new();
    private readonly TaskCompletionSource _over = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ITimer? _tending;
    private long _lastCall;
    private long _heardAt;
    private long _pingedAt;
    private volatile bool _isReading; // silence means something only while this is true
    private volatile bool _isSilent;
    private volatile LinkEnd? _end;
    private HubRecord? _close;

    private HubLink(ChatClientOptions options) => _options = options;

    /// <summary>Called when a call begins to wait for its answer.</summary>
    public Action? CallBegun { get; set; }

    /// <summary>The id of the node at the other end; empty if the node did not say.</summary>
    public string Node { get; private set; } = "";

    /// <summary>Completes when this connection will answer no more calls; further calls then wait for the next connection.</summary>
    public Task Over => _over.Task;

    public bool HasCalls => !_calls.IsEmpty;

    /// <summary>Returns when the hub has accepted the connection.</summary>
    /// <exception cref="LinkException">The connection failed, or the hub has not accepted it.</exception>
    public static async Task<HubLink> OpenAsync(Uri address, string token, ChatClientOptions options, CancellationToken cancellationToken)
    {
        var link = new HubLink(options);
        try
        {
            await link.OpenAsync(address, token, cancellationToken).ConfigureAwait(false);
            return link;
        }
        catch
        {
            await link.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Reads until the connection ends.</summary>
    /// <param name="onEvent">Called for each call by the hub.</param>
    /// <param name="room">Awaited before each read.</param>
    public async Task<LinkEnd> ReadAsync(Action<string, HubArgument> onEvent, Func<Task> room)
    {
        try
        {
            while (true)
            {
                _records.Take(record => OnRecord(record, onEvent));
                await room().ConfigureAwait(false);
                if (await ReceiveAsync(CancellationToken.None).ConfigureAwait(false) is { } end)
                {
                    return _end = end;
                }
            }
        }
        catch (Exception exception) // malformed data may cause any exception, which would end the client silently
        {
            return _end = new LinkEnd(1002, "The server sent something that is not SignalR's JSON protocol: " + exception.Message);
        }
    }

    /// <summary>Fails the pending calls: this connection will answer none of them.</summary>
    public void FailCalls()
    {
        var end = _end ??= new LinkEnd(1006, "The connection has ended.");
        foreach (var (id, _) in _calls)
        {
            if (_calls.TryRemove(id, out var call))
            {
                call.TrySetException(new LinkException(end));
            }
        }

        _over.TrySetResult();
    }

    /// <summary>Calls a method of the hub, and returns its answer.</summary>
    /// <param name="method">The method's name.</param>
    /// <param name="argument">Its only argument.</param>
    /// <param name="onAnswer">Called with the answer, at its place among the calls by the hub; perhaps even if nobody waits any longer.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="ChatException">The hub refused the call, or would refuse it.</exception>
    /// <exception cref="LinkException">The connection ended first.</exception>
    public async Task<HubArgument> InvokeAsync(string method, HubArgument argument, Action<HubArgument>? onAnswer, CancellationToken cancellationToken)
    {
        var id = Interlocked.Increment(ref _lastCall).ToString(CultureInfo.InvariantCulture);
        var call = new Call(onAnswer);
        var record = HubCodec.Encode(method, argument, id);
        if (record.Length > _options.LargestCall)
        {
            throw new ChatException("too_big", "The message is too big."); // it would end this connection, and then the next one
        }

        _calls[id] = call;
        try
        {
            CallBegun?.Invoke();
            if (_end is { } end)
            {
                throw new LinkException(end);
            }

            await SendAsync(record, cancellationToken).ConfigureAwait(false);
            return await call.Task.WaitAsync(_options.AttemptTimeout, _options.TimeProvider, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _calls.TryRemove(id, out _);
        }
    }

    /// <summary>Calls a method of the hub, without an answer.</summary>
    /// <exception cref="LinkException">The connection has ended.</exception>
    public Task SendAsync(string method, HubArgument argument, CancellationToken cancellationToken) =>
        SendAsync(HubCodec.Encode(method, argument, id: null), cancellationToken);

    /// <summary>Begins to close the connection. The reading ends when the server has answered the close, or shortly afterwards.</summary>
    public void End() => _ = EndAsync();

    /// <summary>Ends the connection as a network failure does.</summary>
    public void Abort() => _socket.Abort();

    public async ValueTask DisposeAsync()
    {
        if (_tending is not null)
        {
            await _tending.DisposeAsync().ConfigureAwait(false);
        }

        await CloseAsync().ConfigureAwait(false);
        _socket.Dispose();
        FailCalls();
    }

    private async Task EndAsync()
    {
        await CloseAsync().ConfigureAwait(false);
        await Task.Delay(ClosePatience, _options.TimeProvider).ConfigureAwait(false);
        _socket.Abort();
    }

    private async Task CloseAsync()
    {
        if (_socket.State is WebSocketState.Open or WebSocketState.CloseReceived)
        {
            using var patience = new CancellationTokenSource(ClosePatience);
            try
            {
                await _socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, patience.Token).ConfigureAwait(false);
            }
            catch (Exception exception) when (IsEnd(exception))
            {
                // The connection is over either way.
            }
        }
    }

    private async Task OpenAsync(Uri address, string token, CancellationToken cancellationToken)
    {
        _socket.Options.CollectHttpResponseDetails = true;
        _socket.Options.KeepAliveInterval = Timeout.InfiniteTimeSpan; // both sides send SignalR's pings instead
        _socket.Options.SetRequestHeader("Authorization", "Bearer " + token);
        _options.ConfigureSocket?.Invoke(_socket.Options);
        try
        {
            await _socket.ConnectAsync(address, cancellationToken).ConfigureAwait(false);
            Node = _socket.HttpResponseHeaders?.TryGetValue("X-Node", out var nodes) == true ? string.Concat(nodes) : "";
            _socket.HttpResponseHeaders = null;
            _heardAt = _pingedAt = _options.TimeProvider.GetTimestamp();
            await SendAsync(HubCodec.Handshake, cancellationToken).ConfigureAwait(false);
            for (HubRecord? answer = null; answer is null;)
            {
                if (await ReceiveAsync(cancellationToken).ConfigureAwait(false) is { } end)
                {
                    throw new LinkException(end);
                }

                _records.Take(record => answer = record, most: 1);
                if (answer?.Error is { } error)
                {
                    throw new LinkException(new LinkEnd(answer.AllowReconnect ? TryLater : 1002, error));
                }
            }
        }
        catch (WebSocketException exception)
        {
            var status = (int)_socket.HttpStatusCode;
            var retryAfter = RetryAfter();
            var words = status is 400 or 401 or 403 ? await Refusal.WordsAsync(address, token, _socket.Options, cancellationToken).ConfigureAwait(false) : null;
            throw new LinkException(new LinkEnd(1006, words ?? (status is 0 or 101 ? exception.Message : $"The server answered {status}."), status, retryAfter), exception);
        }
        catch (JsonException exception)
        {
            throw new LinkException(new LinkEnd(1002, "What answered is no hub of SignalR's."), exception);
        }

        _tending = _options.TimeProvider.CreateTimer(static link => ((HubLink)link!).Tend(), this, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1));
    }

    private TimeSpan RetryAfter() =>
        _socket.HttpResponseHeaders?.TryGetValue("Retry-After", out var values) == true
            && int.TryParse(string.Concat(values), NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) ? TimeSpan.FromSeconds(Math.Min(seconds, MostRetryAfter)) : default;

    // Called once a second.
    private void Tend()
    {
        var time = _options.TimeProvider;
        if (_isReading && time.GetElapsedTime(Volatile.Read(ref _heardAt)) > _options.SilenceLimit)
        {
            _isSilent = true;
            _socket.Abort();
        }
        else if (time.GetElapsedTime(_pingedAt) >= PingInterval)
        {
            _pingedAt = time.GetTimestamp();
            _ = PingAsync();
        }
    }

    private async Task PingAsync()
    {
        try
        {
            await SendAsync(HubCodec.Ping, CancellationToken.None).ConfigureAwait(false);
        }
        catch (LinkException)
        {
            // The reading ends and reports it.
        }
    }

    /// <summary>Reads once. Returns how the connection ended, if it has.</summary>
    private async Task<LinkEnd?> ReceiveAsync(CancellationToken cancellationToken)
    {
        var buffer = _records.Room();
        try
        {
            Volatile.Write(ref _heardAt, _options.TimeProvider.GetTimestamp());
            _isReading = true;
            var received = await _socket.ReceiveAsync(buffer, cancellationToken).ConfigureAwait(false);
            _isReading = false;
            if (received.MessageType != WebSocketMessageType.Close)
            {
                _records.Filled(received.Count);
                return null;
            }

            var words = string.IsNullOrEmpty(_close?.Error) ? _socket.CloseStatusDescription ?? "" : _close.Error;
            return new LinkEnd((int?)_socket.CloseStatus ?? 1005, words, MayReconnect: _close?.AllowReconnect ?? true);
        }
        catch (Exception exception) when (IsEnd(exception) && !cancellationToken.IsCancellationRequested)
        {
            var words = _close?.Error ?? (_isSilent ? $"Nothing was heard from the server for {_options.SilenceLimit.TotalSeconds:0.#} s." : "The connection was lost.");
            return new LinkEnd(1006, words, MayReconnect: _close?.AllowReconnect ?? true);
        }
    }

    private void OnRecord(HubRecord record, Action<string, HubArgument> onEvent)
    {
        switch (record.Type)
        {
            case HubRecord.Invocation when record is { Target: { } target, Arguments: [var argument, ..] }:
                onEvent(target, HubCodec.ToArgument(argument));
                break;
            case HubRecord.Completion when record.InvocationId is { } id && _calls.TryGetValue(id, out var call):
                if (record.Error is { } error)
                {
                    call.TrySetException(HubCodec.ToException(error));
                }
                else
                {
                    var answer = HubCodec.ToArgument(record.Result);
                    call.OnAnswer?.Invoke(answer);
                    call.TrySetResult(answer);
                }

                break;
            case HubRecord.Close:
                _close = record;
                break;
        }
    }

    private async Task SendAsync(ReadOnlyMemory<byte> record, CancellationToken cancellationToken)
    {
        await _sending.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            // Never canceled: a canceled send would end the connection.
            await _socket.SendAsync(record, WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception exception) when (IsEnd(exception))
        {
            throw new LinkException(_end ?? new LinkEnd(1006, "The connection was lost."), exception);
        }
        finally
        {
            _sending.Release();
        }
    }

    private static bool IsEnd(Exception exception) => exception is WebSocketException or OperationCanceledException or ObjectDisposedException or InvalidOperationException or IOException;

    private sealed class Call(Action<HubArgument>? onAnswer) : TaskCompletionSource<HubArgument>(TaskCreationOptions.RunContinuationsAsynchronously)
    {
        public Action<HubArgument>? OnAnswer => onAnswer;
    }
}
