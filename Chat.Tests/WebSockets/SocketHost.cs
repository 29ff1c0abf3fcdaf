using System.Diagnostics.Metrics;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Threading.Channels;
using Chat.Api.Connections;
using Chat.Api.WebSockets;
using Chat.Sockets.Loops;
using Chat.Sockets.Server;
using Chat.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Chat.Tests.WebSockets;

/// <summary>A server that hands its WebSockets to a test.</summary>
internal sealed class SocketHost : IAsyncDisposable
{
    private readonly Channel<TestLink> _accepted = Channel.CreateUnbounded<TestLink>();
    private readonly WebApplication _app;
    private readonly ConnectionTable _table;

    private SocketHost(WebApplication app, ConnectionOptions options)
    {
        _app = app;
        _table = new ConnectionTable(Options.Create(options), new ConnectionMetrics(NoMeters.Instance), TimeProvider.System);
    }

    public Uri Address => new(_app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());

    public IMeterFactory Meters => _app.Services.GetRequiredService<IMeterFactory>();

    /// <summary>The number of sockets in its loops, both of clients and listening ones.</summary>
    public int Entries
    {
        get
        {
            var count = 0;
            _app.Services.GetRequiredService<SocketLoops>().ForEach(_ => Interlocked.Increment(ref count));
            return count;
        }
    }

    public Task StopAsync() => _app.StopAsync();

    /// <param name="takes">Whether sockets are taken from the server.</param>
    /// <param name="limit">Changes the limits. Those on what a client sends are off by default.</param>
    /// <param name="certificate">The certificate, to use TLS.</param>
    public static async Task<SocketHost> StartAsync(bool takes, Action<ConnectionOptions>? limit = null, X509Certificate2? certificate = null)
    {
        var options = new ConnectionOptions { MessagesPerSecond = 0, BytesPerSecond = 0, UserMessagesPerSecond = 0, UserBytesPerSecond = 0 };
        limit?.Invoke(options);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton(TimeProvider.System);
        builder.WebHost.UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, endpoint =>
        {
            if (certificate is not null)
            {
                endpoint.UseHttps(certificate);
            }
        }));
        ClientTransport.Add(builder.Services, _ => takes, SocketTending.AtOnce);
        var host = new SocketHost(builder.Build(), options);
        host._app.Run(async http =>
        {
            if (await WebSocketUpgrade.AcceptAsync(http) is not var (source, sender))
            {
                return;
            }

            var link = new TestLink(host._table.NextNumber(), source, sender, host._table);
            var running = ConnectionRun.StartApart(link.RunAsync);
            host._accepted.Writer.TryWrite(link);
            if (!link.OutlivesRequest)
            {
                await running;
            }
        });
        await host._app.StartAsync();
        return host;
    }

    public async Task<(RawWebSocket Client, TestLink Link)> ConnectAsync(int? receiveBuffer = null) =>
        (await RawWebSocket.ConnectAsync(Address, "/", receiveBuffer), await AcceptedAsync());

    public async Task<TestLink> AcceptedAsync() => await _accepted.Reader.ReadAsync().AsTask().WaitAsync(ChatClient.Deadline);

    /// <summary>The links that no test has asked for yet.</summary>
    public List<TestLink> Accepted()
    {
        List<TestLink> links = [];
        while (_accepted.Reader.TryRead(out var link))
        {
            links.Add(link);
        }

        return links;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}

/// <summary>The server's end of a WebSocket. It keeps the messages it receives.</summary>
internal sealed class TestLink(long number, IByteSource source, IFrameSender sender, ConnectionTable table)
    : WebSocketLink(number, "u1", Chat.Api.RawEndpoints.WebSocketFormat.Text, source, sender, table)
{
    private readonly Channel<string> _messages = Channel.CreateUnbounded<string>();
    private readonly TaskCompletionSource<CloseReason> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Called with each message. Returns a task to wait for, or null.</summary>
    public Func<string, Task?> OnText { get; set; } = _ => null;

    public async Task RunAsync()
    {
        try
        {
            var reason = await ReadFramesAsync();
            Disconnect();
            _ended.SetResult(reason);
        }
        catch (Exception exception)
        {
            Disconnect();
            _ended.SetException(exception);
        }
    }

    public Task<CloseReason> EndedAsync() => _ended.Task.WaitAsync(ChatClient.Deadline);

    public async Task<string> ReadAsync() => await _messages.Reader.ReadAsync().AsTask().WaitAsync(ChatClient.Deadline);

    public async Task<string[]> ReadAsync(int count)
    {
        var messages = new string[count];
        for (var i = 0; i < count; i++)
        {
            messages[i] = await ReadAsync();
        }

        return messages;
    }

    public bool HasMore => _messages.Reader.TryPeek(out _);

    public void Send(string text)
    {
        var writer = FrameWriter.Begin();
        writer.Write(System.Text.Encoding.UTF8.GetBytes(text));
        Enqueue(writer.End(WebSocketOpcode.Text));
    }

    protected override Task? OnMessage(ReadOnlySpan<byte> message)
    {
        var text = System.Text.Encoding.UTF8.GetString(message);
        _messages.Writer.TryWrite(text);
        return OnText(text);
    }
}
