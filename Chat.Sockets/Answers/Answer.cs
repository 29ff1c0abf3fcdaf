using Microsoft.AspNetCore.Connections.Features;

namespace Chat.Sockets.Answers;

/// <summary>An answer, from the request to its last byte.</summary>
internal sealed class Answer(UntakenAnswers untaken, IConnectionLifetimeFeature connection)
{
    /// <summary>What is long is written so many bytes at a time: each that is taken shows that the client reads.</summary>
    public const int Piece = 16 * 1024;

    // Guarded by the lock of UntakenAnswers.
    public LinkedListNode<Answer>? Place { get; set; }

    /// <summary>Since when it waits.</summary>
    public long Since { get; set; }

    /// <summary>A part of it was written and does not go on.</summary>
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

    /// <summary>All of it is written.</summary>
    public void OnMade() => untaken.Add(this);

    /// <summary>And the client has it, or is gone.</summary>
    public Task OnTakenAsync()
    {
        untaken.Remove(this);
        return Task.CompletedTask;
    }

    public void EndConnection() => connection.Abort();
}
