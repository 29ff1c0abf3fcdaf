using Microsoft.AspNetCore.Connections;

namespace Chat.Sockets.Server;

/// <summary>A connection is over once its socket is closed, whether or not the server has noticed.</summary>
/// <remarks>Over HTTP/2 the server waits until each request has ended, and loses sight of those whose answers find its queue full, which is what it ends the
/// connection for (https://github.com/dotnet/aspnetcore/issues/51307): it then waits for good. Nothing but the server's list of connections refers to
/// what waits there, so with that the memory is free.</remarks>
internal static class ClosedConnections
{
    // For those who answer requests to notice that the client is gone.
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(5);

    /// <summary>A connection from its beginning until the server is done with it, or has not been for a while after its end.</summary>
    /// <param name="context">The connection.</param>
    /// <param name="next">The server.</param>
    /// <param name="time">The clock.</param>
    /// <param name="closed">Called when the socket is closed, or the server done.</param>
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
        catch (TimeoutException) when (!serving.IsCompleted)
        {
            // It never will be.
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
