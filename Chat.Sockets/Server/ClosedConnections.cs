using Microsoft.AspNetCore.Connections;

namespace Chat.Sockets.Server;

/// <summary>A connection is over once its socket is closed, whether or not the server has noticed.</summary>
/// <remarks>Over HTTP/2, the server ends a connection whose queue of answers is full, loses sight of the requests whose answers did not fit, and then
/// waits forever for them to end (https://github.com/dotnet/aspnetcore/issues/51307). Only the server's list of connections refers to such a
/// connection. So once this is over, its memory is free. Connections of another transport than ours end when the server is done with them.</remarks>
internal static class ClosedConnections
{
    // How long request handlers have to notice that the client is gone.
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(5);

    /// <summary>Runs a connection until the server is done with it, but for no longer than a while after its socket is closed.</summary>
    /// <param name="context">The connection.</param>
    /// <param name="next">The server.</param>
    /// <param name="time">The clock.</param>
    /// <param name="closed">Called when the socket is closed, or when the server is done.</param>
    public static async Task RunAsync(ConnectionContext context, ConnectionDelegate next, TimeProvider time, Action? closed = null)
    {
        Task serving;
        try
        {
            serving = next(context);
            await UntilClosedAsync(context, serving);
        }
        finally
        {
            closed?.Invoke();
        }

        try
        {
            await serving.WaitAsync(Longest, time);
        }
        catch (TimeoutException)
        {
            if (serving.IsCompleted)
            {
                await serving; // it ended at the last moment
            }

            // Otherwise it will most likely never be done. If it is, and has failed, nobody needs to know.
            _ = serving.ContinueWith(static late => late.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
        }
    }

    private static async Task UntilClosedAsync(ConnectionContext context, Task serving)
    {
        if (context.Features.Get<ClientLink>() is { } link)
        {
            await Task.WhenAny(serving, link.Done);
            if (link.Taker is null)
            {
                return;
            }
        }

        await serving;
    }
}
