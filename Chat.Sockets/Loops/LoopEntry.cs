using System.Runtime.CompilerServices;

namespace Chat.Sockets.Loops;

/// <summary>What an <c>await</c> needs to go on, on the thread of a loop.</summary>
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
