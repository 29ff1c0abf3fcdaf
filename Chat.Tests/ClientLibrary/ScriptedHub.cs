using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Chat.Tests.ClientLibrary;

/// <summary>Stands in for a hub and sends what a test wants it to send.</summary>
internal static class ScriptedHub
{
    /// <param name="serve">Serves a connection, from its request to its end.</param>
    public static async Task<WebApplication> StartAsync(RequestDelegate serve)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        var hub = builder.Build();
        hub.Urls.Add("http://127.0.0.1:0");
        hub.UseWebSockets();
        hub.Run(serve);
        await hub.StartAsync();
        return hub;
    }
}
