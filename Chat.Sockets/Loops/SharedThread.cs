namespace Chat.Sockets.Loops;

/// <summary>Knows whether the current thread serves many connections. If so, requests beyond a client's share have to go to the thread pool.</summary>
/// <remarks>A request is answered on the thread that read it, which saves waking other threads. But a client may send any number of requests without
/// waiting for answers (RFC 9112, section 9.3.2), and a server begins the next one on the thread where the one before has ended.</remarks>
internal static class SharedThread
{
    [ThreadStatic]
    private static bool isShared;

    [ThreadStatic]
    private static bool mayBegin;

    /// <summary>From now on, this thread serves many connections. Requests may end on it, but each may begin only in a turn of its own.</summary>
    public static void Enter() => isShared = true;

    /// <summary>The thread turns to the next connection that it serves.</summary>
    public static void BeginTurn() => mayBegin = true;

    /// <summary>Whether a request may begin here and now: any may on a thread of the pool; on a shared thread, only the first of each turn.</summary>
    public static bool TryBeginRequest()
    {
        if (!isShared)
        {
            return Thread.CurrentThread.IsThreadPoolThread; // any other may be the runtime's, which serves all sockets that belong to no loop
        }

        var may = mayBegin;
        mayBegin = false;
        return may;
    }
}
