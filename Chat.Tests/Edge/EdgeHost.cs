using System.Net;
using System.Net.WebSockets;
using System.Security.Cryptography.X509Certificates;
using Edge.Proxy.Nodes;
using Edge.Proxy.Routing;
using Edge.Proxy;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using ServiceDefaults;

namespace Chat.Tests.Edge;

/// <summary>The edge inside the test's process. The test tells it the nodes, instead of Redis.</summary>
internal sealed class EdgeHost : IAsyncDisposable
{
    private readonly WebApplication _app;

    private EdgeHost((string Key, string Value)[] settings, string environment = "Production", X509Certificate2? certificate = null, TimeProvider? time = null,
        string? pages = null, ILoggerProvider? log = null)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { EnvironmentName = environment, WebRootPath = pages });
        builder.Logging.ClearProviders();
        if (log is not null)
        {
            builder.Logging.AddProvider(log);
        }

        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Configuration.AddInMemoryCollection(
            [new("ConnectionStrings:redis", "not used"), .. settings.Select(pair => KeyValuePair.Create(pair.Key, (string?)pair.Value))]);
        builder.Services.AddQueryTokens();
        builder.Services.AddSingleton(time ?? TimeProvider.System);
        builder.AddEdge();
        builder.WebHost.ConfigureKestrel(static kestrel => kestrel.Limits.MinResponseDataRate = null); // as for a client that has once read a lot
        if (certificate is not null)
        {
            builder.WebHost.UseKestrelHttpsConfiguration();
            builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.UseHttps(certificate)));
        }

        foreach (var follower in builder.Services.Where(service => service.ImplementationType == typeof(NodeFollower)).ToList())
        {
            builder.Services.Remove(follower);
        }

        _app = builder.Build();
        if (pages is not null)
        {
            _app.UseWebPage();
        }

        _app.MapEdge();
    }

    public HttpClient Http { get; private set; } = new();

    public Uri Address => new(_app.Urls.Single());

    public static Task<EdgeHost> StartAsync(params FakeNode[] nodes) => StartAsync([], nodes);

    public static async Task<EdgeHost> StartAsync((string Key, string Value)[] settings, params FakeNode[] nodes)
    {
        var edge = new EdgeHost(settings);
        await edge.StartAsync();
        edge.Set([.. nodes.Select(node => node.Node)]);
        return edge;
    }

    /// <summary>Starts an edge that speaks only HTTP/2, without TLS.</summary>
    /// <param name="settings">Configuration keys.</param>
    /// <param name="node">Its node.</param>
    /// <param name="pages">The folder of its pages.</param>
    /// <param name="log">The destination of its log.</param>
    /// <param name="time">Its clock.</param>
    public static async Task<EdgeHost> StartWithHttp2Async(
        (string Key, string Value)[] settings, FakeNode node, string? pages = null, ILoggerProvider? log = null, TimeProvider? time = null)
    {
        var edge = new EdgeHost([("Kestrel:EndpointDefaults:Protocols", "Http2"), .. settings], pages: pages, log: log, time: time);
        await edge.StartAsync();
        edge.Set(node.Node);
        return edge;
    }

    /// <summary>Starts an edge with TLS. Its <see cref="Http"/> accepts any certificate of the edge.</summary>
    public static async Task<EdgeHost> StartWithTlsAsync(X509Certificate2 certificate, (string Key, string Value)[] settings, FakeNode node)
    {
        var edge = new EdgeHost(settings, certificate: certificate)
        {
            Http = new HttpClient(new HttpClientHandler { ServerCertificateCustomValidationCallback = HttpClientHandler.DangerousAcceptAnyServerCertificateValidator }),
        };
        await edge.StartAsync();
        edge.Set(node.Node);
        return edge;
    }

    /// <summary>Starts an edge with the test's clock.</summary>
    public static Task<EdgeHost> StartAsync(TimeProvider time, params (string Key, string Value)[] settings) => StartAsync(time, certificate: null, settings);

    /// <summary>As above; with a certificate it uses TLS.</summary>
    public static async Task<EdgeHost> StartAsync(TimeProvider time, X509Certificate2? certificate, params (string Key, string Value)[] settings)
    {
        var edge = new EdgeHost(settings, time: time, certificate: certificate);
        await edge.StartAsync();
        return edge;
    }

    public static async Task<EdgeHost> StartInDevelopmentAsync(FakeNode node)
    {
        // With the registry, Development would report the missing Redis.
        var edge = new EdgeHost([("Edge:Upstream", node.Node.Address)], "Development");
        await edge.StartAsync();
        return edge;
    }

    /// <summary>Sets the nodes that the registry would list.</summary>
    public void Set(params Node[] nodes) => Get<NodeDestinations>().Set(nodes);

    public static async Task<EdgeHost> StartWithUpstreamAsync(FakeNode node)
    {
        var edge = new EdgeHost([("Edge:Upstream", node.Node.Address)]);
        await edge.StartAsync();
        return edge;
    }

    public T Get<T>()
        where T : notnull => _app.Services.GetRequiredService<T>();

    public Task StopAsync() => _app.StopAsync();

    /// <summary>Opens a WebSocket and returns it with the id of the node that took it.</summary>
    public async Task<(ClientWebSocket Socket, string Node)> ConnectAsync(CancellationToken cancellationToken)
    {
        var socket = new ClientWebSocket();
        socket.Options.CollectHttpResponseDetails = true;
        await socket.ConnectAsync(new UriBuilder(Address) { Scheme = "ws", Path = "/chat/user/1" }.Uri, cancellationToken);
        return (socket, socket.HttpResponseHeaders!["X-Node"].Single());
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await _app.DisposeAsync();
    }

    private async Task StartAsync()
    {
        await _app.StartAsync();
        Http.BaseAddress = Address;
    }
}
