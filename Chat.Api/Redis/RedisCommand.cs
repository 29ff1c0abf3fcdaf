using Chat.Api.Backplane;
using Chat.Api.Redis.Resp;

namespace Chat.Api.Redis;

/// <summary>A command on its way to Redis, with everything needed to send it again: to another server of a cluster, or after the scripts
/// have been loaded.</summary>
internal abstract class RedisCommand : IPatientCommand
{
    private const int MostResends = 5; // two servers may send it to and fro while a slot moves

    private int _sent; // how often it was turned away
    private long _postponedAt; // when it was first postponed, by the milliseconds of the system; 0: never

    public CommandBuffer Buffer { get; } = new();

    /// <summary>The traffic that it is part of, in a Redis Cluster; null if it is not under way, or belongs to no slot's order.</summary>
    public SlotTraffic? Traffic { get; set; }

    public RedisCommands? Sender { get; set; }

    /// <summary>Whether a user caused it. Such commands take turns by user; the node's own do not wait.</summary>
    public virtual bool IsPatient => false;

    /// <inheritdoc/>
    public virtual string Party => "";

    ReadOnlySpan<byte> IPatientCommand.Bytes => Buffer.Span;

    int IPatientCommand.LifeAt => Buffer.LifeAt;

    /// <summary>Its place among the commands of its slot, in the order in which they were first sent; 0 if it was not.</summary>
    public long Turn { get; set; }

    /// <summary>The link that it was sent over.</summary>
    public RespLink? Link { get; private set; }

    /// <summary>Sends the command. Returns false if the link is down or too far behind.</summary>
    /// <param name="link">The link to the server.</param>
    /// <param name="isPatient">Whether it takes turns with the commands of other users.</param>
    /// <param name="isAsking">Whether the server has to be told first that it was asked for this command (ASKING).</param>
    public bool TrySend(RespLink link, bool isPatient = false, bool isAsking = false)
    {
        Link = link; // before: the command is the link's once it is sent
        return isPatient ? link.TrySend(this)
            : isAsking ? link.TrySend(new CommandBuffer().Command(1).Bulk("ASKING"u8).Span, Buffer.Span, this)
            : link.TrySend(Buffer.Span, this);
    }

    /// <summary>Whether it may be sent once more in a moment. That is allowed for a limited time.</summary>
    public bool TryPostpone(TimeSpan atMost)
    {
        _sent = 0; // each time, two servers may send it to and fro again
        _postponedAt = _postponedAt == 0 ? Environment.TickCount64 : _postponedAt;
        return Environment.TickCount64 - _postponedAt < atMost.TotalMilliseconds;
    }

    /// <summary>Fails a command that has not been sent.</summary>
    public void Refuse()
    {
        (_sent, _postponedAt, Turn, Traffic) = (0, 0, 0, null);
        OnFailed("Redis is not reachable, or is too far behind.");
    }

    public void Complete(ref RespReader reply)
    {
        if (reply.Kind != '-')
        {
            End(isAnswered: true);
            OnReply(ref reply);
            return;
        }

        var error = reply.ReadLine();
        if (++_sent > MostResends || !Sender!.TryResend(this, error))
        {
            End(isAnswered: true);
            Sender!.Refused(error);
            OnFailed(error);
        }
    }

    public void Fail()
    {
        End(isAnswered: false);
        OnFailed("The connection to Redis broke before its answer came.");
    }

    protected abstract void OnReply(ref RespReader reply);

    protected abstract void OnFailed(string reason);

    // Before the command is told what became of it: a pooled one may be another publish afterwards.
    private void End(bool isAnswered)
    {
        var traffic = Traffic;
        (_sent, _postponedAt, Turn, Traffic) = (0, 0, 0, null);
        traffic?.Ended(isAnswered);
    }
}

/// <summary>A command whose reply is awaited; used for everything except publishing.</summary>
/// <param name="inline">Whether the code that awaits it continues on the link's thread, if the reply is short. That saves waking another
/// thread, but holds up everybody's messages meanwhile. Only for code that does little and never waits.</param>
internal sealed class RedisCall(bool inline = false) : RedisCommand
{
    private const int InlineBytes = 16 * 1024; // of a reply; a longer one takes time to read and to pass on

    private readonly TaskCompletionSource<object?> _completion =
        new(inline ? TaskCreationOptions.None : TaskCreationOptions.RunContinuationsAsynchronously);

    public Task<object?> Task => _completion.Task;

    protected override void OnReply(ref RespReader reply)
    {
        var isLong = reply.Length > InlineBytes;
        var value = reply.ReadAny();
        if (inline && isLong)
        {
            ThreadPool.UnsafeQueueUserWorkItem(static done => done._completion.TrySetResult(done.value), (_completion, value), preferLocal: false);
        }
        else
        {
            _completion.TrySetResult(value);
        }
    }

    // Never inline: a link that breaks fails everything under way, one command after the other, and has to be made anew.
    protected override void OnFailed(string reason)
    {
        var failure = new BackplaneUnavailableException(reason);
        if (inline)
        {
            ThreadPool.UnsafeQueueUserWorkItem(static failed => failed._completion.TrySetException(failed.failure), (_completion, failure), preferLocal: false);
        }
        else
        {
            _completion.TrySetException(failure);
        }
    }
}
