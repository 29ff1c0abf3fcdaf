using System.Net;
using System.Net.Sockets;
using Chat.Sockets.Loops;
using Chat.Sockets.Server;
using Chat.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Chat.Tests.Edge;

/// <summary>Clients that connect all at once to a server that is too busy to handle them.</summary>
public sealed class AcceptingTests
{
    /// <summary>All waiting clients were once accepted before the server could count one of them. A few hundred used up an edge's open files, which
    /// makes .NET end the process, and the thread that accepted them served nobody else meanwhile.</summary>
    [LinuxFact]
    public async Task Clients_ThatTheServerHasNotGotRoundTo_AreNotAllAccepted_AndAllComeInAfterwards()
    {
        const int Count = 400;
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var begun = 0;
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Use(next => async connection =>
        {
            Interlocked.Increment(ref begun);
            await gate.Task;
            if (int.IsEvenInteger(Interlocked.Increment(ref begun)))
            {
                connection.Abort(); // too many connections
                return;
            }

            await next(connection);
        })));
        builder.Services.AddSingleton(TimeProvider.System);
        ClientTransport.Add(builder.Services, static _ => true, SocketTending.AtOnce);
        await using var app = builder.Build();
        await app.StartAsync();

        var port = new Uri(app.Urls.Single()).Port;
        var clients = await Task.WhenAll(Enumerable.Range(0, Count).Select(_ => ConnectAsync(port)));
        await Eventually.TrueAsync(() => Volatile.Read(ref begun) > 10);
        var entered = new TaskCompletionSource();
        app.Services.GetRequiredService<SocketLoops>().ForEach(socket => // queued behind the loop's present work
        {
            if (socket.Owner is ClientListener)
            {
                entered.TrySetResult();
            }
        });
        await entered.Task;
        await Task.Run(() => { }); // queued behind the server's present work
        Assert.InRange(Volatile.Read(ref begun), 10, 100);

        gate.SetResult();
        await Eventually.TrueAsync(() => Volatile.Read(ref begun) == 2 * Count);
        Array.ForEach(clients, client => client.Dispose());
    }

    private static async Task<Socket> ConnectAsync(int port)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, port);
        return socket;
    }
}
