using Chat.Sockets.Loops;
using Xunit;

namespace Chat.Tests.WebSockets;

/// <summary>The threads on which a request may begin.</summary>
public sealed class SharedThreadTests
{
    [Fact]
    public async Task Pool_BeginsAny() => Assert.True(await Task.Run(static () => SharedThread.TryBeginRequest() && SharedThread.TryBeginRequest()));

    [Fact]
    public void SharedThread_BeginsOneInEachTurn()
    {
        var (before, first, second, next) = OnAnother(static () =>
        {
            SharedThread.Enter();
            var before = SharedThread.TryBeginRequest();
            SharedThread.BeginTurn();
            var (first, second) = (SharedThread.TryBeginRequest(), SharedThread.TryBeginRequest());
            SharedThread.BeginTurn();
            return (before, first, second, SharedThread.TryBeginRequest());
        });

        Assert.Equal((false, true, false, true), (before, first, second, next));
    }

    // Where the server keeps its sockets, the runtime's own thread for sockets runs the work for which they are ready.
    [Fact]
    public void ThreadOfSomebodyElse_BeginsNone() => Assert.False(OnAnother(SharedThread.TryBeginRequest));

    private static T OnAnother<T>(Func<T> work)
    {
        T? result = default;
        var thread = new Thread(() => result = work());
        thread.Start();
        thread.Join();
        return result!;
    }
}
