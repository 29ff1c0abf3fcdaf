namespace Chat.Api.Redis.Resp;

/// <summary>The reply to a command that is sent only for its effect, but whose sender has to know if it may not have had that effect.</summary>
internal sealed class FailedReply(Action failed) : IRespReply
{
    public void Complete(ref RespReader reply)
    {
        if (reply.Kind == '-')
        {
            failed();
        }
    }

    public void Fail() => failed();
}

/// <summary>The reply to a command that is sent only for its effect.</summary>
internal sealed class IgnoredReply : IRespReply
{
    public static readonly IgnoredReply Instance = new();

    public void Complete(ref RespReader reply)
    {
        // Sent only for its effect; the next command shows whether it had that.
    }

    public void Fail()
    {
        // As above.
    }
}
