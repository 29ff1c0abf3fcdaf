namespace Chat.Api.Redis.Resp;

/// <summary>Takes the reply to one command, on the link's thread: must not wait, block or throw.</summary>
internal interface IRespReply
{
    void Complete(ref RespReader reply);

    /// <summary>The link broke before the reply came: whether Redis carried the command out is not known.</summary>
    void Fail();
}

/// <summary>What a link tells its owner, on the link's thread.</summary>
internal interface IRespLinkOwner
{
    /// <summary>The link is connected and logged in. What is sent in this method comes before anything else; after it, the link is open
    /// to all.</summary>
    void OnUp(RespLink link);

    /// <param name="link">The link.</param>
    /// <param name="reason">Why, in words.</param>
    /// <param name="isNews">False if a further attempt failed, or the link is being stopped.</param>
    void OnDown(RespLink link, string reason, bool isNews);

    /// <summary>A pushed reply on a subscriber link: message, subscribe, unsubscribe, pong.</summary>
    void OnPush(RespLink link, ref RespReader push);

    /// <summary>All replies that had arrived have been handled: what they caused may be sent now, together.</summary>
    void OnBatchEnd(RespLink link);
}

internal enum RespLinkKind
{
    /// <summary>Each command has one reply, in order.</summary>
    Commands,

    /// <summary>In subscribed state: everything that arrives is a push.</summary>
    Subscriber,
}
