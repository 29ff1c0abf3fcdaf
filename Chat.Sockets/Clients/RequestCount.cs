using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace Chat.Sockets.Clients;

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
            connections.Answered(connection);
        }
    }
}
