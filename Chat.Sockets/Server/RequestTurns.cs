using Chat.Sockets.Loops;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace Chat.Sockets.Server;

/// <summary>Lets a request begin on another thread where it would hold up one that serves many (<see cref="SharedThread"/>).</summary>
/// <remarks>Runs before all other middleware, the framework's own included: requests that are refused early are just as cheap to send by the thousand.</remarks>
internal sealed class RequestTurns : IStartupFilter
{
    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
    {
        app.Use(static (http, rest) => SharedThread.TryBeginRequest() ? rest(http) : BeginElsewhereAsync(http, rest));
        next(app);
    };

    private static async Task BeginElsewhereAsync(HttpContext http, RequestDelegate rest)
    {
        await Task.Yield();
        await rest(http);
    }
}
