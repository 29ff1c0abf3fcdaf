using Microsoft.AspNetCore.Connections.Features;

namespace Chat.Sockets.Answers;

/// <summary>An answer, from the request to its last byte.</summary>
internal sealed class Answer(UntakenAnswers untaken, IConnectionLifetimeFeature connection)
{
    /// <summary>The size in bytes of the pieces in which a long answer is written: each piece that is taken shows that the client reads.</summary>
    public const int Piece = 16 * 1024;

    // Guarded by the lock of UntakenAnswers.
    public LinkedListNode<Answer>? Place { get; set; }

    /// <summary>When it began to wait.</summary>
    public long Since { get; set; }

    /// <summary>Awaits a write that has not completed at once. Meanwhile the answer counts as one that the client does not take.</summary>
    public async Task UntilTakenAsync(Task writing)
    {
        untaken.Add(this);
        try
        {
            await writing;
        }
        finally
        {
            untaken.Remove(this);
        }
    }

    /// <summary>The whole answer is written. From now on, it waits for the client to take it.</summary>
    public void OnMade() => untaken.Add(this);

    /// <summary>The client has taken the whole answer, or is gone.</summary>
    public Task OnTakenAsync()
    {
        untaken.Remove(this);
        return Task.CompletedTask;
    }

    public void EndConnection() => connection.Abort();
}
