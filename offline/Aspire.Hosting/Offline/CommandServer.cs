using Aspire.Hosting.ApplicationModel;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Aspire.Hosting.Offline;

/// <summary>Offers the resources' commands over HTTP, in place of a dashboard's buttons: <c>POST /{resource or instance}/{command}</c>, from this
/// machine only.</summary>
internal sealed class CommandServer(ResourceCollection resources, ResourceCommandService commands, ConsoleOutput console) : IHostedService, IAsyncDisposable
{
    private WebApplication? _app;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var all = resources.SelectMany(resource => resource.Annotations.OfType<ResourceCommandAnnotation>(), (resource, command) => $"{resource.Name}/{command.Name}").ToList();
        if (all.Count == 0)
        {
            return;
        }

        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        _app = builder.Build();
        _app.MapPost("/{resource}/{command}", RunAsync);
        await _app.StartAsync(cancellationToken).ConfigureAwait(false);
        console.Say($"Commands: curl -X POST {_app.Urls.First()}/… with {string.Join(", ", all)}");
    }

    public Task StopAsync(CancellationToken cancellationToken) => _app?.StopAsync(cancellationToken) ?? Task.CompletedTask;

    public ValueTask DisposeAsync() => _app?.DisposeAsync() ?? ValueTask.CompletedTask;

    private async Task<IResult> RunAsync(string resource, string command, HttpContext http)
    {
        if (http.Request.Headers.Origin.Count > 0 || http.Request.Headers.ContainsKey("Sec-Fetch-Site"))
        {
            return TypedResults.StatusCode(StatusCodes.Status403Forbidden); // a page in the developer's browser, from whatever origin
        }

        var result = await commands.ExecuteCommandAsync(resource, command, http.RequestAborted).ConfigureAwait(false);
        return TypedResults.Text((result.Message ?? (result.Success ? "Done." : "Not done.")) + "\n", statusCode: result.Success ? 200 : 409);
    }
}
