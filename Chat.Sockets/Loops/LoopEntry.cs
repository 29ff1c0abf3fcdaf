using System.Runtime.CompilerServices;

namespace Chat.Sockets.Loops;

/// <summary>Something to <c>await</c>: the code after the <c>await</c> runs on the thread of a loop.</summary>
internal readonly struct LoopEntry(SocketLoop loop) : ICriticalNotifyCompletion
{
    public bool IsCompleted => loop.IsCurrent;

    public LoopEntry GetAwaiter() => this;

    public void GetResult()
    {
    }

    public void OnCompleted(Action continuation) => loop.Run(continuation);

    public void UnsafeOnCompleted(Action continuation) => loop.Run(continuation);
}
