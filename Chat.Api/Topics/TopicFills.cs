using System.Diagnostics.CodeAnalysis;
using Chat.Api.Backplane;
using Chat.Api.Messages;

namespace Chat.Api.Topics;

/// <summary>Lets topics catch up with their logs, a limited number at a time.</summary>
/// <remarks>After an outage, all topics of a node have to catch up at once, from a Redis that has only just come back. Each is retried
/// until it is done or nobody needs it any more, so that no failure leaves a topic deaf. One that fails goes to the end of the queue. Those
/// whose server is away, one of several, hold up none of the others.</remarks>
internal sealed partial class TopicFills(TopicTable topics, int atOnce, TimeProvider time, ILogger logger) : IDisposable
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(250);

    private readonly Lock _gate = new(); // guards what follows
    private readonly Queue<LocalTopic> _due = new();
    private readonly List<LocalTopic> _away = []; // they become due again, all together
    private readonly CancellationTokenSource _stopping = new();
    private int _running;
    private bool _isStopped;
    private volatile Task _before = Task.CompletedTask;

    /// <summary>Sets what has to come first: no log is read until this task has completed, which it does without an error.</summary>
    public void Await(Task before) => _before = before;

    /// <summary>Adds a topic; never waits. A topic asks for this once, and does not ask again until it has caught up.</summary>
    public void Add(LocalTopic topic)
    {
        CancellationToken token;
        lock (_gate)
        {
            _due.Enqueue(topic);
            if (_isStopped || _running == atOnce)
            {
                return;
            }

            _running++;
            token = _stopping.Token; // not disposed of before it is stopped
        }

        _ = RunAsync(token);
    }

    public void Dispose()
    {
        lock (_gate)
        {
            if (_isStopped)
            {
                return; // a container disposes twice of an object that it provides under two types
            }

            _isStopped = true;
        }

        _stopping.Cancel();
        _stopping.Dispose();
    }

    // At most atOnce of these run; each ends when nothing is due.
    private async Task RunAsync(CancellationToken token)
    {
        await Task.Yield(); // off the caller's thread, and out of its locks
        while (TryNext(out var topic))
        {
            while (_before is { IsCompleted: false } before)
            {
                await before;
            }

            if (!topics.Holds(topic))
            {
                continue;
            }

            // Check first: ten thousand topics that wait for Redis must not each throw, nor each wait.
            if (!topics.Backplane.IsReadable(topic.Topic, out var reason))
            {
                Log.Delayed(logger, topic.Topic.Kind, reason);
                PutOff(topic, token);
                continue;
            }

            if (await TryFillAsync(topic))
            {
                continue;
            }

            await Task.Delay(RetryDelay, time, token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
            lock (_gate)
            {
                _due.Enqueue(topic);
            }
        }
    }

    private void PutOff(LocalTopic topic, CancellationToken token)
    {
        lock (_gate)
        {
            _away.Add(topic);
            if (_away.Count > 1)
            {
                return; // it goes with the first
            }
        }

        _ = ReturnAsync(token);
    }

    private async Task ReturnAsync(CancellationToken token)
    {
        await Task.Delay(RetryDelay, time, token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        LocalTopic[] away;
        lock (_gate)
        {
            away = [.. _away];
            _away.Clear();
        }

        Array.ForEach(away, Add);
    }

    private bool TryNext([NotNullWhen(true)] out LocalTopic? topic)
    {
        lock (_gate)
        {
            topic = null;
            var isMore = !_isStopped && _due.TryDequeue(out topic);
            _running -= isMore ? 0 : 1;
            return isMore;
        }
    }

    private async Task<bool> TryFillAsync(LocalTopic topic)
    {
        try
        {
            await topic.FillAsync(topics.Backplane);
            return true;
        }
        catch (BackplaneUnavailableException exception)
        {
            Log.Delayed(logger, topic.Topic.Kind, exception.Message);
        }
        catch (Exception exception)
        {
            Log.Failed(logger, exception, topic.Topic.Kind);
        }

        return false;
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Debug, EventName = "FillDelayed", Message = "A topic ({Kind}) has to wait before it catches up with its log: {Reason}")]
        public static partial void Delayed(ILogger logger, TopicKind kind, string reason);

        [LoggerMessage(Level = LogLevel.Error, EventName = "FillFailed", Message = "A topic ({Kind}) could not catch up with its log; retrying.")]
        public static partial void Failed(ILogger logger, Exception exception, TopicKind kind);
    }
}
