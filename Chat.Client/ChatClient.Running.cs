using Chat.Client.Wire;
using Microsoft.Extensions.Logging;

namespace Chat.Client;

// Makes the connection, keeps it and makes it again, and makes calls over whichever connection there is.
public sealed partial class ChatClient
{
    private static readonly TimeSpan LongestPauseOfCalls = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LongestDoubt = TimeSpan.FromMinutes(8); // a log knows the ids of its messages for up to 10 (Chat:Backplane:Group:Age)
    private static readonly TimeSpan ShortestTokenLife = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestTokenDoubt = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan LongestWait = TimeSpan.FromDays(1); // a timer has an upper limit

    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _running;
    private readonly Reconnecting _reconnecting;
    private volatile TaskCompletionSource<HubLink> _link = NewLink();
    private volatile TaskCompletionSource? _hurried;
    private string? _refusal;
    private bool _wasOnline;
    private int _waiting; // for a connection, or for an answer: whoever does may read no events meanwhile

    /// <summary>Ends the present connection as a network failure does; for tests.</summary>
    internal void Break()
    {
        if (_link.Task.IsCompletedSuccessfully)
        {
            _link.Task.Result.Abort();
        }
    }

    private static TaskCompletionSource<HubLink> NewLink()
    {
        var source = new TaskCompletionSource<HubLink>(TaskCreationOptions.RunContinuationsAsynchronously);
        _ = source.Task.ContinueWith(static task => task.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default); // perhaps nobody awaits
        return source;
    }

    private async Task RunAsync()
    {
        var reason = "disposed of";
        try
        {
            while (true)
            {
                _stopping.Token.ThrowIfCancellationRequested();
                Become(ChatState.Connecting);
                var end = await RunOnceAsync().ConfigureAwait(false);
                _stopping.Token.ThrowIfCancellationRequested();
                if (_reconnecting.IsFinal(end))
                {
                    reason = _refusal = end.Reason.Length > 0 ? end.Reason : $"The server closed the connection with {end.Code}.";
                    Log.Refused(_options.Logger, reason);
                    break;
                }

                var delay = _reconnecting.DelayAfter(end);
                Log.Lost(_options.Logger, end.Code, end.Reason, delay.TotalMilliseconds);
                await WaitAsync(end.Reason, delay).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            // The client has been disposed of.
        }
        finally
        {
            _link.TrySetException(new ChatException(_refusal is null ? "stopped" : "refused", _refusal ?? "The client has been disposed of."));
            _events.End();
            Become(ChatState.Stopped, reason);
        }
    }

    private async Task WaitAsync(string reason, TimeSpan delay)
    {
        var hurried = _hurried = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously); // set first: a handler may end the pause at once
        Become(ChatState.Waiting, reason, delay);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token);
        var pause = Task.Delay(delay, _options.TimeProvider, over.Token);
        await Task.WhenAny(pause, hurried.Task).ConfigureAwait(false);
        await over.CancelAsync().ConfigureAwait(false);
    }

    /// <summary>Runs one connection, from the token to the end. Returns how it ended.</summary>
    private async Task<LinkEnd> RunOnceAsync()
    {
        HubLink link;
        string token;
        try
        {
            using var late = new CancellationTokenSource(_options.ConnectTimeout, _options.TimeProvider);
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token, late.Token);
            token = await _options.Token(patience.Token).AsTask().WaitAsync(patience.Token).ConfigureAwait(false); // the callback may ignore its cancellation token
            link = await HubLink.OpenAsync(Address(), token, _options, patience.Token).ConfigureAwait(false);
        }
        catch (LinkException exception)
        {
            return exception.End;
        }
        catch (Exception exception) when (!_stopping.IsCancellationRequested)
        {
            // The token callback may throw anything. The next attempt calls it again.
            return new LinkEnd(1006, exception is OperationCanceledException ? $"No answer within {_options.ConnectTimeout.TotalSeconds:0.#} s." : "There was no token: " + exception.Message);
        }

        await using (link.ConfigureAwait(false))
        {
            return await ServeAsync(link, token).ConfigureAwait(false);
        }
    }

    private async Task<LinkEnd> ServeAsync(HubLink link, string token)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token);
        using var ending = _stopping.Token.Register(link.End);
        var began = _options.TimeProvider.GetTimestamp();
        var refreshing = RefreshAsync(link, token, over.Token);
        var returning = Task.CompletedTask;
        Node = link.Node;
        link.CallBegun = _events.Open;
        var end = await link.ReadAsync(
            (name, argument) =>
            {
                if (On(name, argument))
                {
                    returning = EnterAsync(link, over.Token);
                }
            },
            () => _events.RoomAsync(() => link.HasCalls || Volatile.Read(ref _waiting) > 0 || _stopping.IsCancellationRequested)).ConfigureAwait(false);

        // New calls have to wait for the next connection before the pending calls of this one fail and are made again.
        if (_link.Task.IsCompleted)
        {
            _link = NewLink();
            _reconnecting.Lasted(_options.TimeProvider.GetElapsedTime(began));
        }

        link.FailCalls();
        await over.CancelAsync().ConfigureAwait(false);
        await refreshing.ConfigureAwait(false);
        await returning.ConfigureAwait(false);
        return end;
    }

    /// <summary>The connection has reported all groups: calls may be made now, and messages that the server did not send by itself are fetched.</summary>
    private async Task EnterAsync(HubLink link, CancellationToken over)
    {
        Log.Connected(_options.Logger, link.Node);
        Reconnects += _wasOnline ? 1 : 0;
        _wasOnline = true;
        _reconnecting.Taken();
        var (forgotten, behind) = _topics.Entered();
        Become(ChatState.Online);
        _link.TrySetResult(link);
        var returning = forgotten.ToDictionary(call => call.Topic, call => ReturnAsync(link, call, "join", over), StringComparer.Ordinal);
        await Task.WhenAll(
            returning.Values
                .Concat(behind.Select(call => ReturnAsync(link, call, "history", over)))
                .Concat(_topics.Watched.Select(group => WatchAgainAsync(link, group, returning.GetValueOrDefault(group, Task.CompletedTask), over))))
            .ConfigureAwait(false);
    }

    private async Task WatchAgainAsync(HubLink link, string group, Task returning, CancellationToken over)
    {
        await returning.ConfigureAwait(false); // only members may watch
        try
        {
            await CallAsync("presence", new HubArgument { Group = group, Watch = true }, over).ConfigureAwait(false);
        }
        catch (ChatException exception) when (exception.Code == "timeout" && !over.IsCancellationRequested)
        {
            link.End(); // the next connection tries again
        }
        catch (Exception exception) when (exception is ChatException or OperationCanceledException)
        {
            // The group was left meanwhile, or the connection has ended.
        }
    }

    /// <summary>Gives the server a newer token before the one that it knows expires.</summary>
    private async Task RefreshAsync(HubLink link, string token, CancellationToken over)
    {
        // If the clock of this machine is fast, every token seems expired as soon as it arrives. Then the client asks for one less and less often.
        // When the token that the server knows really expires, the server closes the connection, and the next connection brings a new token.
        var shortest = ShortestTokenLife;
        try
        {
            while (TokenLife.EndOf(token) is { } end)
            {
                var left = end - _options.TimeProvider.GetUtcNow();
                var pause = left * 0.8;
                if (pause > LongestWait)
                {
                    await Task.Delay(LongestWait, _options.TimeProvider, over).ConfigureAwait(false);
                    continue;
                }

                var isDoubtful = pause < ShortestTokenLife;
                await Task.Delay(isDoubtful ? shortest : pause, _options.TimeProvider, over).ConfigureAwait(false);
                shortest = !isDoubtful ? ShortestTokenLife : shortest * 2 < LongestTokenDoubt ? shortest * 2 : LongestTokenDoubt;
                token = await _options.Token(over).AsTask().WaitAsync(over).ConfigureAwait(false);
                await link.InvokeAsync("refresh", new HubArgument { Token = token }, onAnswer: null, over).ConfigureAwait(false);
            }
        }
        catch (Exception exception) when (!over.IsCancellationRequested)
        {
            // When its token expires, the server closes the connection. The next connection brings whatever token there is then.
            Log.NotRefreshed(_options.Logger, exception.Message);
        }
        catch (Exception)
        {
            // The connection has ended.
        }
    }

    /// <summary>Makes a call until it is answered, over as many connections as that takes. A message that may be published is not sent again once the
    /// server may have forgotten its id.</summary>
    /// <remarks><paramref name="onAnswer"/> applies what an answer says about a group, at the answer's place in the order of what the server sends.
    /// The caller who awaits the answer continues later; by then, the server may have said the opposite.</remarks>
    private Task<HubArgument> CallAsync(string method, HubArgument argument, CancellationToken cancellationToken, Action<HubArgument>? onAnswer = null) =>
        WaitAsync(() => CallUntilAnsweredAsync(method, argument, onAnswer, cancellationToken));

    /// <summary>Meanwhile, the connection is read even if there is no room for events.</summary>
    private async Task<T> WaitAsync<T>(Func<Task<T>> wait)
    {
        Interlocked.Increment(ref _waiting);
        _events.Open();
        try
        {
            return await wait().ConfigureAwait(false);
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
    }

    private async Task<HubArgument> CallUntilAnsweredAsync(string method, HubArgument argument, Action<HubArgument>? onAnswer, CancellationToken cancellationToken)
    {
        using var late = new CancellationTokenSource(_options.CallTimeout, _options.TimeProvider);
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, late.Token);
        ChatException? last = null;
        DateTimeOffset? doubt = null; // the time of the first attempt that may have published the message
        for (var failures = 0; ; failures++)
        {
            Task? next = null;
            HubLink? link = null;
            var (began, isDoubtful) = (DateTimeOffset.MinValue, true);
            try
            {
                link = await _link.Task.WaitAsync(deadline.Token).ConfigureAwait(false);
                began = _options.TimeProvider.GetUtcNow(); // timers may stand still while the machine sleeps
                if (argument.Id is not null && began - doubt > LongestDoubt)
                {
                    throw new ChatException("timeout", $"{method} was not answered. Sent again so late, the message could be published twice.", last);
                }

                return await link.InvokeAsync(method, argument, onAnswer, deadline.Token).ConfigureAwait(false);
            }
            catch (LinkException)
            {
                // Try again on the next connection.
            }
            catch (TimeoutException)
            {
                // The answer may be lost, or late. If this connection turns out to be dead, the pause before the next attempt ends with it.
                next = link?.Over;
            }
            catch (ChatException exception) when (exception.IsWorthRetrying)
            {
                (last, isDoubtful) = (exception, exception.IsDoubtful);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                throw Late(method, last);
            }

            doubt ??= isDoubtful ? began : null;
            try
            {
                var pause = Task.Delay(Backoff.After(failures, _options.FirstDelay, LongestPauseOfCalls), _options.TimeProvider, deadline.Token);
                await (next is null ? pause : await Task.WhenAny(pause, next).ConfigureAwait(false)).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                throw Late(method, last);
            }
        }
    }

    private ChatException Late(string method, ChatException? last) => new(
        "timeout", $"{method} was not answered within {_options.CallTimeout.TotalSeconds:0.#} s{(last is null ? "" : ": " + last.Message)}", last);

    private Uri Address()
    {
        var server = _options.Door?.Invoke() ?? _options.Server;
        return new UriBuilder(server)
        {
            Scheme = server.Scheme == "https" ? "wss" : "ws",
            Path = server.AbsolutePath.TrimEnd('/') + "/signalr/chat",
            Query = _topics.Begin(),
        }.Uri;
    }

    private void Become(ChatState state, string reason = "", TimeSpan delay = default)
    {
        State = state;
        try
        {
            StateChanged?.Invoke(this, new ChatStateChange(state, reason, delay));
        }
        catch (Exception exception)
        {
            Log.HandlerFailed(_options.Logger, exception); // the connection is not to blame
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Information, EventName = "Connected", Message = "Connected to node {Node}.")]
        public static partial void Connected(ILogger logger, string node);

        [LoggerMessage(Level = LogLevel.Information, EventName = "Lost", Message = "Not connected ({Code} {Reason}); trying again in {Delay:0} ms.")]
        public static partial void Lost(ILogger logger, int code, string reason, double delay);

        [LoggerMessage(Level = LogLevel.Error, EventName = "Refused", Message = "The server rejects this client, and would reject it again: {Reason}")]
        public static partial void Refused(ILogger logger, string reason);

        [LoggerMessage(Level = LogLevel.Warning, EventName = "NotBack", Message = "The client cannot return to a group that it was in: {Code}")]
        public static partial void NotBack(ILogger logger, string code);

        [LoggerMessage(Level = LogLevel.Error, EventName = "HandlerFailed", Message = "A StateChanged handler threw an exception.")]
        public static partial void HandlerFailed(ILogger logger, Exception exception);

        [LoggerMessage(Level = LogLevel.Warning, EventName = "NotRefreshed", Message = "No newer token could be shown to the server: {Reason}")]
        public static partial void NotRefreshed(ILogger logger, string reason);
    }
}
