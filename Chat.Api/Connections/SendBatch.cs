namespace Chat.Api.Connections;

/// <summary>Step 6 of a message's path: collects the outboxes that a thread has put frames into, and sends them at the end of its
/// round: whatever a round brought to one connection goes out in one system call.</summary>
/// <remarks>Per thread, by <see cref="Begin"/>. Without one, an outbox sends at once.</remarks>
internal sealed class SendBatch
{
    [ThreadStatic]
    private static SendBatch? current;

    private readonly List<Outbox> _outboxes = [];

    /// <summary>From now on this thread's frames wait for <see cref="Flush"/>.</summary>
    public static void Begin() => current ??= new SendBatch();

    /// <summary>Sends what waits, and goes on collecting.</summary>
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

    /// <summary>Sends what waits; frames go out at once again.</summary>
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
