using System.Collections.Concurrent;
using System.Net.WebSockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;
using Edge.Proxy.Nodes;
using ServiceDefaults;

namespace Chat.Tests.Edge;

/// <summary>A node as the edge sees it: health, WebSockets that echo, and a hub's long polls.</summary>
internal sealed class FakeNode : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private readonly ConcurrentDictionary<string, bool> _connections = [];

    private FakeNode(string id)
    {
        Id = id;
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        _app = builder.Build();
        _app.UseWebSockets();
        _app.MapGet("/health", () => Healthy ? Results.Ok() : Results.StatusCode(503));
        foreach (var path in (string[])["/api/auth/headers", "/api/v1/headers"])
        {
            _app.MapGet(path, (HttpContext http) => http.Request.Headers.ToDictionary(header => header.Key, header => header.Value.ToString()));
        }

        _app.MapGet("/api/nodes", () => Results.Json(Array.Empty<object>()));
        _app.MapGet("/api/auth/large", () => new string('x', 10_000));
        _app.MapPost("/api/auth/post", () => Results.Ok());
        _app.MapPost("/api/auth/body", (HttpContext http) => http.Request.Body.CopyToAsync(Stream.Null, http.RequestAborted));
        _app.Map("/chat/{**rest}", ChatAsync);
        _app.MapPost("/signalr/chat/negotiate", (Delegate)NegotiateAsync);
        _app.Map("/signalr/chat", HubAsync);
    }

    public string Id { get; }

    public bool Healthy { get; set; } = true;

    /// <summary>Whether it answers every WebSocket with 503, as a draining node does.</summary>
    public bool TurnsAway { get; set; }

    public int Asked { get; private set; }

    /// <summary>Target and <c>Authorization</c> of the last request below /chat.</summary>
    public (string Target, string Authorization) LastChat { get; private set; }

    /// <summary>Completes when a WebSocket's connection has ended.</summary>
    public Task Closed => _closed.Task;

    /// <summary>If set, hub requests wait until this completes, as polls without news do.</summary>
    public TaskCompletionSource? News { get; set; }

    /// <summary>Whether it ends the connection instead of answering a hub request, like a node that is killed.</summary>
    public bool Breaks { get; set; }

    /// <summary>Completes when a hub request waits for <see cref="News"/>.</summary>
    public TaskCompletionSource Waiting { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Node Node => new(Id, _app.Urls.Single(), "ready");

    public static async Task<FakeNode> StartAsync(string id)
    {
        var node = new FakeNode(id);
        await node._app.StartAsync();
        return node;
    }

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();

    private async Task<IResult> NegotiateAsync(HttpContext http)
    {
        Asked++;
        if (News is { } news)
        {
            await news.Task.WaitAsync(http.RequestAborted);
        }

        if (TurnsAway)
        {
            return Results.StatusCode(StatusCodes.Status503ServiceUnavailable);
        }

        var id = Guid.NewGuid().ToString("N");
        _connections[id] = true;
        return Results.Json(new { connectionId = id, connectionToken = id, negotiateVersion = 1 });
    }

    // As in the hub's server, an id of another node gets 404.
    private async Task HubAsync(HttpContext http)
    {
        if (http.WebSockets.IsWebSocketRequest)
        {
            await ChatAsync(http);
            return;
        }

        Asked++;
        if (Breaks)
        {
            http.Abort();
            return;
        }

        if (!_connections.ContainsKey(HubConnectionId.Of(http)))
        {
            http.Response.StatusCode = StatusCodes.Status404NotFound;
            await http.Response.WriteAsync("No Connection with that ID");
            return;
        }

        if (News is { } news)
        {
            if (http.Request.Headers.Accept == "text/event-stream")
            {
                http.Response.ContentType = "text/event-stream";
                await http.Response.WriteAsync(":\r\n");
                await http.Response.Body.FlushAsync();
            }

            Waiting.TrySetResult();
            await news.Task.WaitAsync(http.RequestAborted);
        }

        await http.Response.WriteAsync(Id);
    }

    private async Task ChatAsync(HttpContext http)
    {
        Asked++;
        LastChat = (http.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget, http.Request.Headers.Authorization.ToString());
        if (TurnsAway)
        {
            http.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            await http.Response.WriteAsync("draining");
            return;
        }

        try
        {
            using var socket = await http.WebSockets.AcceptWebSocketAsync();
            var buffer = new byte[1024];
            while (await socket.ReceiveAsync(buffer, http.RequestAborted) is { MessageType: not WebSocketMessageType.Close } received)
            {
                await socket.SendAsync(buffer.AsMemory(0, received.Count), received.MessageType, received.EndOfMessage, http.RequestAborted);
            }

            await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, http.RequestAborted);
        }
        catch (Exception exception) when (exception is WebSocketException or OperationCanceledException)
        {
            // The connection ended without a close frame, which some tests are about.
        }
        finally
        {
            _closed.TrySetResult();
        }
    }
}
