namespace Chat.Api.Connections;

/// <summary>Step 6 of a message's path: collects the outboxes into which a thread has put frames, and sends them at the end of its round.
/// Everything that a round brings to one connection goes out in one system call.</summary>
/// <remarks>A batch belongs to the thread that calls <see cref="Begin"/>. Without a batch, an outbox sends at once.</remarks>
internal sealed class SendBatch
{
    [ThreadStatic]
    private static SendBatch? current;

    private readonly List<Outbox> _outboxes = [];

    /// <summary>From now on this thread's frames wait for <see cref="Flush"/>.</summary>
    public static void Begin() => current ??= new SendBatch();

    /// <summary>Sends what waits, and continues to collect.</summary>
    public static void Flush()
    {
        var outboxes = current?._outboxes;
        if (outboxes is null || outboxes.Count == 0)
        {
            return;
        }

        foreach (var outbox in outboxes)
        {
            outbox.Flush();
        }

        outboxes.Clear();
    }

    /// <summary>Sends what waits. From now on, frames go out at once again.</summary>
    public static void End()
    {
        Flush();
        current = null;
    }

    public static bool TryAdd(Outbox outbox)
    {
        if (current is not { } batch)
        {
            return false;
        }

        batch._outboxes.Add(outbox);
        return true;
    }
}
