using Chat.Api.Backplane;
using Chat.Api.Redis.Resp;

namespace Chat.Api.Redis;

/// <summary>A command on its way to Redis, with what it takes to send it once more: to another server of a cluster,
/// or after loading the scripts.</summary>
internal abstract class RedisCommand : IPatientCommand
{
    private int _sent;

    public CommandBuffer Buffer { get; } = new();

    /// <summary>The cluster slot of its keys, once the servers turned out to be a cluster; -1 for any.</summary>
    public int Slot { get; set; } = -1;

    public RedisCommands? Sender { get; set; }

    /// <summary>Whether a user caused it, with whose others it takes turns; else it is the node's own.</summary>
    public virtual bool IsPatient => false;

    /// <inheritdoc/>
    public virtual string Party => "";

    ReadOnlySpan<byte> IPatientCommand.Bytes => Buffer.Span;

    int IPatientCommand.LifeAt => Buffer.LifeAt;

    /// <summary>The link it went by.</summary>
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

/// <summary>A command one awaits; for everything but publishing.</summary>
internal sealed class RedisCall : RedisCommand
{
    private readonly TaskCompletionSource<object?> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task<object?> Task => _completion.Task;

    /// <summary>Ends the call without it having been sent.</summary>
    public void Refuse(string reason) => OnFailed(reason);

    protected override void OnReply(ref RespReader reply) => _completion.TrySetResult(reply.ReadAny());

    protected override void OnFailed(string reason) => _completion.TrySetException(new BackplaneUnavailableException(reason));
}
