using Chat.Api.Backplane;
using Chat.Api.Redis.Resp;

namespace Chat.Api.Redis;

/// <summary>A command on its way to Redis, with everything needed to send it again: to another server of a cluster, or after the scripts
/// have been loaded.</summary>
internal abstract class RedisCommand : IPatientCommand
{
    private int _sent;

    public CommandBuffer Buffer { get; } = new();

    /// <summary>The cluster slot of its keys, once the servers turned out to be a cluster; -1 for any.</summary>
    public int Slot { get; set; } = -1;

    public RedisCommands? Sender { get; set; }

    /// <summary>Whether a user caused it. Such commands take turns by user; the node's own do not wait.</summary>
    public virtual bool IsPatient => false;

    /// <inheritdoc/>
    public virtual string Party => "";

    ReadOnlySpan<byte> IPatientCommand.Bytes => Buffer.Span;

    int IPatientCommand.LifeAt => Buffer.LifeAt;

    /// <summary>The link that it was sent over.</summary>
    public RespLink? Link { get; set; }

    public void Complete(ref RespReader reply)
    {
        if (reply.Kind != '-')
        {
            _sent = 0;
            OnReply(ref reply);
            return;
        }

        var error = reply.ReadLine();
        if (++_sent > 5 || !Sender!.TryResend(this, error))
        {
            _sent = 0;
            OnFailed(error);
        }
    }

    public void Fail()
    {
        _sent = 0;
        OnFailed("The connection to Redis broke before its answer came.");
    }

    protected abstract void OnReply(ref RespReader reply);

    protected abstract void OnFailed(string reason);
}

/// <summary>A command whose reply is awaited; used for everything except publishing.</summary>
/// <param name="inline">Whether what awaits it goes on on the link's thread, if the reply is short: that spares a wake-up of another thread, and holds up
/// everybody's messages meanwhile. Only for what does little and never waits.</param>
internal sealed class RedisCall(bool inline = false) : RedisCommand
{
    private const int InlineBytes = 16 * 1024; // of a reply; a longer one takes its time to be read and to be passed on

    private readonly TaskCompletionSource<object?> _completion =
        new(inline ? TaskCreationOptions.None : TaskCreationOptions.RunContinuationsAsynchronously);

    public Task<object?> Task => _completion.Task;

    /// <summary>Fails the call; it has not been sent.</summary>
    public void Refuse(string reason) => OnFailed(reason);

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

    // Never inline: a link that breaks fails what is under way one after the other, and has to be made anew.
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
