namespace Chat.Api.Redis.Resp;

/// <summary>The reply of a command that is sent only for its effect, and whose sender has to know if that may not have come about.</summary>
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

/// <summary>The reply of a command that is sent only for its effect.</summary>
internal sealed class IgnoredReply : IRespReply
{
    public static readonly IgnoredReply Instance = new();

    public void Complete(ref RespReader reply)
    {
        // Sent only for its effect; the command behind it shows whether that came about.
    }

    public void Fail()
    {
        // As above.
    }
}
