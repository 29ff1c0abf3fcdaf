using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using Chat.Sockets.Loops;
using Chat.Sockets.Server;
using Chat.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Chat.Tests.Edge;

/// <summary>TLS handshakes, each of which takes a millisecond of CPU. Clients that a socket loop serves must not wait for them.</summary>
public sealed class HandshakeTests
{
    /// <summary>Handshakes once ran on the thread that received their bytes. A few hundred unfinished hellos a second delayed everybody else's
    /// messages by seconds.</summary>
    [LinuxFact]
    public async Task Handshake_IsNoWorkOfALoop_AndWhatComesBehindItIs()
    {
        using var authority = new TestAuthority();
        using var certificate = authority.Issue("localhost");
        var handshake = new TaskCompletionSource<Thread>();
        var accepted = new TaskCompletionSource();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen =>
        {
            listen.Use(next => connection =>
            {
                var running = next(connection); // runs until it waits for the client's hello
                accepted.TrySetResult();
                return running;
            });
            listen.UseHttps(https => https.ServerCertificateSelector = (_, _) =>
            {
                handshake.TrySetResult(Thread.CurrentThread);
                return certificate;
            });
        }));
        builder.Services.AddSingleton(TimeProvider.System);
        ClientTransport.Add(builder.Services, static _ => true, SocketTending.AtOnce);
        await using var app = builder.Build();
        app.MapGet("/", static () => Thread.CurrentThread.Name ?? "");
        await app.StartAsync();
        using var http = new HttpClient(new SocketsHttpHandler
        {
            SslOptions = { RemoteCertificateValidationCallback = static (_, shown, _, _) => shown is not null },
            ConnectCallback = async (context, cancellation) =>
            {
                var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                await socket.ConnectAsync(context.DnsEndPoint, cancellation);
                await accepted.Task.WaitAsync(cancellation);
                return new NetworkStream(socket, ownsSocket: true);
            },
        });

        _ = await http.GetStringAsync(new Uri(app.Urls.Single())); // may arrive together with the last bytes of the handshake
        var answeredOn = await http.GetStringAsync(new Uri(app.Urls.Single()));

        Assert.True((await handshake.Task).IsThreadPoolThread);
        Assert.StartsWith("sockets ", answeredOn, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Turns_AreTakenByAll_AndByNoMoreAtOnceThanThereAreProcessors()
    {
        var turns = new PoolTurns();
        var (now, most) = (0, 0);

        await Task.WhenAll(Enumerable.Range(0, 1000).Select(async _ =>
        {
            await turns.EnterAsync();
            InterlockedMax(ref most, Interlocked.Increment(ref now));
            Thread.SpinWait(1000);
            Interlocked.Decrement(ref now);
        })).WaitAsync(ChatClient.Deadline);

        Assert.InRange(most, 1, Environment.ProcessorCount);
    }

    /// <summary>With thousands at once a handshake may wait many seconds for its turn. That time does not count as the client's silence.</summary>
    [Fact]
    public async Task Turn_ThatIsLongInComing_IsNoSilenceOfTheClient()
    {
        var (time, turns) = (new ManualTimeProvider(), new PoolTurns());
        var pipe = new Pipe(new PipeOptions(readerScheduler: PipeScheduler.Inline, writerScheduler: PipeScheduler.Inline, useSynchronizationContext: false));
        var reader = new LazyReader(pipe.Reader, static () => { }, static () => true, static () => false, turns, time);
        var reading = await Task.Run(() => Task.FromResult(reader.ReadAsync().AsTask())); // as on a socket loop: the continuation runs where the bytes are written
        using var busy = new ManualResetEventSlim();
        var others = Enumerable.Range(0, Environment.ProcessorCount).Select(async _ =>
        {
            await turns.EnterAsync();
            busy.Wait();
        }).ToList();
        time.Advance(TimeSpan.FromSeconds(3));
        Assert.Equal(TimeSpan.Zero, reader.Waited);

        await pipe.Writer.WriteAsync(new byte[10]);
        time.Advance(TimeSpan.FromSeconds(20));

        Assert.Equal(TimeSpan.FromSeconds(20), reader.Waited);
        busy.Set();
        await Task.WhenAll([reading, .. others]).WaitAsync(ChatClient.Deadline);
        time.Advance(TimeSpan.FromSeconds(3));
        Assert.Equal(TimeSpan.FromSeconds(20), reader.Waited);
    }

    /// <summary>Clients that began handshakes by the thousand and left them once made everybody wait who came after them.</summary>
    [Fact]
    public async Task Handshake_WhoseClientHasLeft_IsNotWorkedOn()
    {
        var (pipe, isOver) = (new Pipe(), false);
        var reader = new LazyReader(pipe.Reader, static () => { }, static () => true, () => isOver, new PoolTurns(), TimeProvider.System);
        await pipe.Writer.WriteAsync(new byte[10]);
        var hello = await reader.ReadAsync();
        Assert.Equal(10, hello.Buffer.Length);
        reader.AdvanceTo(hello.Buffer.End);

        await pipe.Writer.WriteAsync(new byte[10]);
        isOver = true;

        await Assert.ThrowsAsync<ConnectionResetException>(() => reader.ReadAsync().AsTask());
        await reader.CompleteAsync();
    }

    private static void InterlockedMax(ref int most, int value)
    {
        for (var seen = Volatile.Read(ref most); seen < value;)
        {
            seen = Interlocked.CompareExchange(ref most, value, seen) is var found && found == seen ? value : found;
        }
    }
}
