namespace Chat.Sockets.Loops;

/// <summary>Whether the thread at hand serves many, and so has to leave whoever comes with more than his share to the pool.</summary>
/// <remarks>A request is answered right where it was read, which saves waking other threads. But a client may send any number of them without waiting for
/// answers (RFC 9112, section 9.3.2), and a server begins with the next one wherever the one before has ended.</remarks>
internal static class SharedThread
{
    [ThreadStatic]
    private static bool isShared;

    [ThreadStatic]
    private static bool mayBegin;

    /// <summary>This thread serves many from now on. Requests may end on it, and begin only in a turn of their own.</summary>
    public static void Enter() => isShared = true;

    /// <summary>It turns to the next of those whom it serves.</summary>
    public static void BeginTurn() => mayBegin = true;

    /// <summary>Whether a request may begin here and now: on threads of the pool, and on a shared one the first of each turn.</summary>
    public static bool TryBeginRequest()
    {
        if (!isShared)
        {
            return Thread.CurrentThread.IsThreadPoolThread; // else it is perhaps the runtime's, which serves all sockets that no loop has
        }

        var may = mayBegin;
        mayBegin = false;
        return may;
    }
}
