using System.Net;
using System.Net.Sockets;
using System.Text;
using Chat.Sockets.Loops;
using Chat.Sockets.Server;
using Chat.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Chat.Tests.WebSockets;

/// <summary>A client that sends requests without waiting for the answers does not occupy a thread that serves others.</summary>
public sealed class RequestTurnsTests
{
    private const int AtOnce = 50;

    [LinuxFact]
    public async Task RequestsBehindAnother_BeginOnThreadsOfThePool()
    {
        await using var app = await StartAsync();
        using var client = new TcpClient { NoDelay = true };
        await client.ConnectAsync(IPEndPoint.Parse(new Uri(app.Urls.Single()).Authority));
        using var deadline = new CancellationTokenSource(ChatClient.Deadline);

        var requests = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("GET / HTTP/1.1\r\nHost: x\r\n\r\n", AtOnce)));

        string[] threads;
        do
        {
            await client.GetStream().WriteAsync(requests, deadline.Token);
            threads = await ReadAsync(client.GetStream(), deadline.Token);
        }
        while (threads[0] != "loop"); // else the server was not waiting for the requests yet, and began them on a thread of the pool

        Assert.All(threads.Skip(1), static thread => Assert.Equal("pool", thread));
    }

    // Answers each request with the thread on which it began.
    private static async Task<WebApplication> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton(TimeProvider.System);
        builder.WebHost.ConfigureKestrel(static kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        ClientTransport.Add(builder.Services, static _ => true, SocketTending.AtOnce);
        var app = builder.Build();
        app.Run(static http =>
        {
            http.Response.ContentLength = 4;
            return http.Response.WriteAsync(Thread.CurrentThread.IsThreadPoolThread ? "pool" : "loop");
        });
        await app.StartAsync();
        return app;
    }

    private static async Task<string[]> ReadAsync(NetworkStream stream, CancellationToken deadline)
    {
        var all = new StringBuilder();
        var buffer = new byte[4096];
        while (true)
        {
            var answers = all.ToString().Split("\r\n\r\n")[1..].Where(static answer => answer.Length >= 4).Select(static answer => answer[..4]).ToArray();
            if (answers.Length == AtOnce)
            {
                return answers;
            }

            var count = await stream.ReadAsync(buffer, deadline);
            Assert.NotEqual(0, count);
            all.Append(Encoding.ASCII.GetString(buffer, 0, count));
        }
    }
}
