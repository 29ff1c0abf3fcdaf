using Chat.Api.Connections;
using Chat.Api.WebSockets;
using Chat.Sockets.Answers;
using Chat.Sockets.Clients;
using Chat.Sockets.Loops;
using Chat.Sockets.Server;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Options;

namespace Chat.Api;

/// <summary>Configures this node's Kestrel for many long connections. Kestrel keeps most of them only until their upgrade
/// (<see cref="TakenSocket"/>).</summary>
internal static class ChatServer
{
    /// <summary>Must run before anything opens a socket.</summary>
    /// <remarks>Socket completions run on the thread that got the event instead of being handed to the pool. The runtime offers this only as an
    /// environment variable. A value set from outside wins.</remarks>
    public static void BeforeStart()
    {
        const string InlineCompletions = "DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS";
        if (Environment.GetEnvironmentVariable(InlineCompletions) is null)
        {
            Environment.SetEnvironmentVariable(InlineCompletions, "1");
        }
    }

    public static void Configure(WebApplicationBuilder builder)
    {
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            var limits = builder.Configuration.GetSection(ConnectionOptions.Section).Get<ConnectionOptions>() ?? new ConnectionOptions();

            // A whole frame has to fit into the receive buffer. A client could use a larger buffer only to fill this node's memory while its messages
            // wait for Redis.
            kestrel.Limits.MaxRequestBufferSize = Math.Max(64 * 1024, 2L * limits.MessageBytes);
        });

        ClientConnections.Add(builder.Services, static provider => provider.GetRequiredService<NodeCapacity>().Bounds());

        // Where this transport listens, it already behaves as the settings below make the server's own transport behave.
        ClientTransport.Add(builder.Services, static provider => provider.GetRequiredService<IOptions<ConnectionOptions>>().Value.TakeSockets, SocketTending.AtOnce);
        builder.Services.AddHostedService<TakenSockets>();
        UntakenAnswers.Add(builder.Services, static provider =>
        {
            var (metrics, limits) = (provider.GetRequiredService<ConnectionMetrics>(), provider.GetRequiredService<IOptions<ConnectionOptions>>().Value);
            return new UntakenAnswers(
                Math.Min(limits.UntakenAnswers, Math.Max(1, limits.TcpConnections!.Value / 2)), // they leave no room for others meanwhile
                () => metrics.Refused(nameof(ConnectionOptions.UntakenAnswers)),
                provider.GetRequiredService<TimeProvider>());
        });
        builder.Services.Configure<SocketTransportOptions>(sockets =>
        {
            // Nothing that runs on a connection's thread blocks, so reading and handling a frame needs no change of
            // threads: measured in bench/README.md.
            sockets.UnsafePreferInlineScheduling = true;

            // Practically no output buffering: the upgrade returns when its 101 is on the wire, after which frames go
            // straight to the socket (SocketSender).
            sockets.MaxWriteBufferSize = 2;
        });

        // Draining has its own time limit, within which everything here ends.
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(25));
    }
}
