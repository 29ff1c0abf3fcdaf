using Edge.Proxy.Relay;

namespace Edge.Proxy.Capacity;

/// <summary>Runs before everything else, and tells <see cref="ClientConnections"/> which of the connections are idle.</summary>
internal sealed class RequestCount(ClientConnections connections) : IStartupFilter
{
    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
    {
        app.Use(CountAsync);
        next(app);
    };

    private Task CountAsync(HttpContext http, RequestDelegate next) =>
        http.Features.Get<ClientConnection>() is { } connection ? CountAsync(http, next, connection) : next(http);

    private async Task CountAsync(HttpContext http, RequestDelegate next, ClientConnection connection)
    {
        connections.Began(connection);
        try
        {
            await next(http);
        }
        finally
        {
            // A client that is relayed has its answer, and will never be idle.
            if (http.Features.Get<RelayPair>() is null)
            {
                connections.Answered(connection);
            }
        }
    }
}
