using System.Net.WebSockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;
using Edge.Proxy.Nodes;

namespace Chat.Tests.Edge;

/// <summary>The edge's side of a node: health, and a WebSocket under /chat that echoes.</summary>
internal sealed class FakeNode : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private FakeNode(string id)
    {
        Id = id;
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        _app = builder.Build();
        _app.UseWebSockets();
        _app.MapGet("/health", () => Healthy ? Results.Ok() : Results.StatusCode(503));
        _app.MapGet("/api/headers", (HttpContext http) => http.Request.Headers.ToDictionary(header => header.Key, header => header.Value.ToString()));
        _app.MapPost("/api/post", () => Results.Ok());
        _app.Map("/chat/{**rest}", ChatAsync);
    }

    public string Id { get; }

    public bool Healthy { get; set; } = true;

    /// <summary>Answers every WebSocket with 503, as a draining node does.</summary>
    public bool TurnsAway { get; set; }

    public int Asked { get; private set; }

    /// <summary>Target and <c>Authorization</c> of the last request below /chat.</summary>
    public (string Target, string Authorization) LastChat { get; private set; }

    /// <summary>Completes when a WebSocket's connection has ended.</summary>
    public Task Closed => _closed.Task;

    public Node Node => new(Id, _app.Urls.Single(), "ready");

    public static async Task<FakeNode> StartAsync(string id)
    {
        var node = new FakeNode(id);
        await node._app.StartAsync();
        return node;
    }

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();

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
            // The connection ended without a close frame: what some of the tests are about.
        }
        finally
        {
            _closed.TrySetResult();
        }
    }
}
