using Microsoft.AspNetCore.SignalR.StackExchangeRedis.Internal;

namespace Microsoft.AspNetCore.SignalR.StackExchangeRedis;

// What comes over Redis, channel by channel, in order. Nothing here waits for a client.
public partial class RedisHubLifetimeManager<THub>
{
    private Task ReceiveForAllAsync(byte[]? frame)
    {
        if (Read<SignalFrame>(_channels.All, frame) is { } signal)
        {
            ChannelListeners.Deliver(signal, _connections.Select(entry => entry.Value));
        }

        return Task.CompletedTask;
    }

    // A group's or a user's.
    private Task ReceiveAsync(ChannelListeners listeners, byte[]? frame)
    {
        if (Read<SignalFrame>(listeners.Channel, frame) is { } signal)
        {
            listeners.Deliver(signal);
        }

        return Task.CompletedTask;
    }

    private async Task ReceiveForAsync(LocalConnection local, byte[]? frame)
    {
        switch (Read<Frame>(_channels.Connection(local.Id), frame))
        {
            case SignalFrame signal:
                local.Deliver(signal.Call);
                break;

            case QuestionFrame question:
                // Waits for Redis at most, and then holds up this one client's channel: what is sent to it later stays later.
                var isDone = question switch
                {
                    GroupFrame group => await SetGroupAsync(local, group).ConfigureAwait(false),
                    InvokeFrame invoke => Invoke(local, invoke),
                    CheckFrame check => _results.IsPending(check.InvocationId),
                    _ => false,
                };
                await ReplyAsync(_channels.Node(question.ReplyTo), FrameWriter.Answer(question.Question, isDone)).ConfigureAwait(false);
                break;

            case ForgetFrame forget:
                _results.Remove(forget.InvocationId);
                break;
        }
    }

    private async Task ReceiveAnswerAsync(byte[]? frame)
    {
        switch (Read<Frame>(_channels.Node(_node), frame))
        {
            case AnswerFrame answer:
                _answers.Set(answer);
                break;

            case ResultFrame result:
                await _results.SetAsync(result).ConfigureAwait(false);
                break;
        }
    }

    // Whoever waits for the reply has an end to that, so a failure is no more than logged.
    private async Task ReplyAsync(string channel, byte[] frame)
    {
        try
        {
            await PublishAsync(channel, frame, CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception failure)
        {
            _logger.AnswerFailed(failure, channel);
        }
    }

    private TFrame? Read<TFrame>(string channel, byte[]? frame)
        where TFrame : Frame
    {
        var read = FrameReader.Read(frame) as TFrame;
        if (read is null)
        {
            _logger.Rubbish(frame?.Length ?? 0, channel);
        }

        return read;
    }
}
