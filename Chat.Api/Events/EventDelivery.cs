using Chat.Api.Backplane;
using Chat.Api.Redis;
using Microsoft.Extensions.Options;

namespace Chat.Api.Events;

/// <summary>Takes events out of their queues and sends them to the receiver.</summary>
/// <remarks>
/// <para>Guarantee: each event is told at least once, and the events of a topic in order, whichever nodes die: an event stays in its queue until the
/// receiver has accepted it. Events are dropped only if their queue has no room, or if they were refused for longer than
/// <see cref="EventOptions.GiveUpAfter"/>.</para>
/// <para>Mechanism: each topic has one request at a time, with the first events of its queue. A failed request is tried again after a pause, in which
/// other topics have their turns, and from a place set aside for failing topics (<see cref="EventPlaces"/>). A first attempt that takes unusually
/// long while others wait moves to such a place, or is put off if all of them are taken. If one of several events is refused, they are sent one by
/// one.</para>
/// </remarks>
internal sealed partial class EventDelivery(
    EventQueues queues, EventPartitions partitions, EventReceiver receiver, TopicTurns turns, EventLosses losses, EventMetrics metrics,
    IOptions<EventOptions> options, TimeProvider time, ILogger<EventDelivery> logger) : BackgroundService
{
    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan StopTime = TimeSpan.FromSeconds(2); // a stop does not wait for a receiver that hangs

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var giveUp = new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);
        await using var stopping = stoppingToken.Register(() => giveUp.CancelAfter(StopTime));
        using var places = new EventPlaces(options.Value.RequestsAtOnce);
        await Task.WhenAll(RunAllAsync(places, aside: false, stoppingToken, giveUp.Token), RunAllAsync(places, aside: true, stoppingToken, giveUp.Token));
        await places.CloseAsync(); // nothing is under way any more
    }

    private async Task TakeTurnAsync(TopicTurn turn, EventPlace place, CancellationToken giveUp)
    {
        if (!partitions.Has(turn.Topic))
        {
            turns.Drop(turn);
            return;
        }

        var queued = await queues.ReadAsync(turn.Topic, Math.Min(turn.Most, options.Value.BatchLength), options.Value.BatchBytes);
        await LookAsync(turn, queued);
        if (queued.Events.Count == 0)
        {
            if (turn.Mark is { IsOld: true } mark)
            {
                await queues.UnmarkAsync(mark);
            }

            turns.End(turn);
            return;
        }

        var batch = EventBatch.Of(turn.Topic, queued.Events);
        if (batch.Count > 0 && await PostAsync(batch, place, giveUp) is { IsAccepted: false } answer)
        {
            await FailAsync(turn, queued, answer);
            return;
        }

        metrics.Delivered(batch.Count);
        (turn.Failures, turn.IsFailing, turn.Most) = (0, false, Math.Min(turn.Most, options.Value.BatchLength) * 2);
        await TrimAsync(turn, queued, queued.Events.Count);
    }

    private async Task<ReceiverAnswer> PostAsync(EventBatch batch, EventPlace place, CancellationToken giveUp)
    {
        using var putOff = CancellationTokenSource.CreateLinkedTokenSource(giveUp);
        var posting = receiver.PostAsync(batch, putOff.Token);
        while (!place.IsAside && !posting.IsCompleted)
        {
            await ((Task)posting).WaitAsync(receiver.Patience, time, CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (!posting.IsCompleted && turns.AnyWaits && !place.TryStepAside())
            {
                await putOff.CancelAsync(); // its next attempt is made from a place aside, with all the time that the receiver may take
                break;
            }
        }

        return await posting;
    }

    private async Task RunAllAsync(EventPlaces places, bool aside, CancellationToken stoppingToken, CancellationToken giveUp)
    {
        try
        {
            await foreach (var (turn, place) in turns.TakeAllAsync(places, aside, stoppingToken))
            {
                _ = RunAsync(turn, place, giveUp);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
        }
    }

    private async Task RunAsync(TopicTurn turn, EventPlace place, CancellationToken giveUp)
    {
        using (place)
        {
            try
            {
                await TakeTurnAsync(turn, place, giveUp);
            }
            catch (Exception exception)
            {
                if (exception is not BackplaneUnavailableException) // it is logged elsewhere that Redis is away
                {
                    Log.Failed(logger, exception, turn.Topic.Name);
                }

                turns.Later(turn, ShortestPause);
            }
        }
    }

    private async Task LookAsync(TopicTurn turn, QueuedEvents queued)
    {
        turns.Saw(turn, queued.Length, queued.Bytes, queued.Events.Count > 0 ? EventBatch.TimeOf(queued.Events[0]) : 0);
        if (queued.Dropped > queued.Told)
        {
            await TellDroppedAsync(turn, queued);
        }

        while (turns.TooMuch(turn.Partition, options.Value.TotalBytes / EventMarks.Partitions) is var (most, bytes))
        {
            var left = await queues.CutAsync(most.Topic, bytes); // the next reader of that queue reports how many were dropped
            turns.Saw(most, left == 0 ? 0 : most.Waiting, left, most.OldestAt);
            if (left > bytes)
            {
                break; // there are so many that the next look has to go on
            }
        }
    }

    private async Task TellDroppedAsync(TopicTurn turn, QueuedEvents queued)
    {
        var news = queued.Dropped - Math.Max(queued.Told, turn.ToldDropped);
        if (news > 0)
        {
            metrics.Dropped(news, "full");
            losses.Add(news, turn.Topic);
        }

        turn.ToldDropped = queued.Dropped; // noted here in case the answer gets lost
        await queues.ToldAsync(turn.Topic, queued.Dropped);
        turn.ToldDropped = 0; // Redis has noted it, and there the count may begin anew
    }

    private async Task FailAsync(TopicTurn turn, QueuedEvents queued, ReceiverAnswer answer)
    {
        var now = time.GetTimestamp();
        var before = turn.Failures == 0 ? now : turn.FailedAt;
        turn.FailingSince = turn.Failures == 0 ? now : turn.FailingSince;
        (turn.FailedAt, turn.IsFailing) = (now, true);
        turn.Failures++;

        // A receiver that has accepted other topics' events since the last attempt is there. So this event must be what it cannot take, whatever it
        // answers. Only the time between two such attempts counts: while the receiver is away, no event comes closer to being dropped.
        if (answer.IsRefusal || (!answer.IsGivenUp && receiver.HasAcceptedSince(before)))
        {
            if (turn.Failures == 1 || turn.Most > 1)
            {
                Log.Refused(logger, turn.Topic.Name, answer.Reason);
            }

            turn.Most = 1;
            if (queued.Events.Count == 1
                && await queues.RefusedAsync(turn.Topic, EventBatch.IdOf(turn.Topic, queued.Events[0]), time.GetElapsedTime(before, now)) >= options.Value.GiveUpAfter)
            {
                metrics.Dropped(1, "refused");
                Log.GivenUp(logger, turn.Topic.Name, answer.Reason);
                (turn.Failures, turn.IsFailing) = (0, false);
                await TrimAsync(turn, queued, 1);
                return;
            }
        }

        turns.Later(turn, PauseAfter(turn.Failures, answer.RetryAfter));
    }

    private async Task TrimAsync(TopicTurn turn, QueuedEvents queued, int count)
    {
        var left = await queues.TrimAsync(turn.Topic, count, queued.Events[count - 1]);
        turns.Saw(turn, left, left == 0 ? 0 : turn.Bytes, turn.OldestAt); // the next turn finds out how many bytes the rest has
        if (left > 0)
        {
            turns.Again(turn);
        }
        else
        {
            turns.End(turn);
        }
    }

    private TimeSpan PauseAfter(int failures, TimeSpan atLeast)
    {
        var longest = options.Value.LongestPause;
        var pause = Math.Min(longest.TotalSeconds, ShortestPause.TotalSeconds * Math.Pow(2, Math.Min(failures - 1, 20)));
        return TimeSpan.FromSeconds(Math.Max(pause * (0.5 + (Random.Shared.NextDouble() / 2)), Math.Min(atLeast.TotalSeconds, longest.TotalSeconds)));
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, EventName = "EventRefused", Message = "The receiver of events refuses those of {Topic} ({Reason}); they wait and are sent again.")]
        public static partial void Refused(ILogger logger, string topic, string reason);

        [LoggerMessage(Level = LogLevel.Error, EventName = "EventGivenUp", Message = "An event of {Topic} was dropped: it was refused for longer than Events:GiveUpAfter ({Reason}).")]
        public static partial void GivenUp(ILogger logger, string topic, string reason);

        [LoggerMessage(Level = LogLevel.Error, EventName = "EventsFailed", Message = "Events of {Topic} could not be delivered; retrying.")]
        public static partial void Failed(ILogger logger, Exception exception, string topic);
    }
}
