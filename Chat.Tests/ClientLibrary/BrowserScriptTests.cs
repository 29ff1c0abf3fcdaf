using Chat.Tests.Hubs;
using Chat.Tests.Web;
using Microsoft.Playwright;
using Xunit.Abstractions;

namespace Chat.Tests.ClientLibrary;

/// <summary>The JavaScript library in a browser. Tests in Web, with the whole application, show what the end of a node does there.</summary>
public sealed class BrowserScriptTests(HubCluster cluster, ITestOutputHelper output) : ScriptSpec(cluster, output)
{
    [ChromiumFact]
    public async Task Library_KeepsItsPromises() => await AssertAsync(Peaceful.Where(spec => !spec.StartsWith("token_is_shown", StringComparison.Ordinal))); // that spec takes seconds and does not depend on the runtime

    private protected override async Task<string> RunAsync(IEnumerable<string> specs)
    {
        await using var device = await Browser.NewDeviceAsync(Cluster.Edge.Address);
        await device.Context.RouteAsync("**/script/*", ServeAsync);
        var page = await device.Context.NewPageAsync();
        await page.ExposeFunctionAsync("control", (string action, string[] arguments) => ControlAsync(action, arguments));
        await page.GotoAsync("/theme.css"); // a page of the edge: from a page without an address, browsers refuse access to the local network
        return await page.EvaluateAsync<string>(
            """
            async specs => {
              const { runAll } = await import('/script/specs.js');
              const { ChatClient } = await import('/client/chat-client.js');
              return runAll(specs, { ChatClient, server: undefined, control: (action, ...args) => control(action, args.map(String)) });
            }
            """,
            specs);
    }

    private static Task ServeAsync(IRoute route) => route.FulfillAsync(new RouteFulfillOptions
    {
        Path = Path.Combine(Folder, Path.GetFileName(new Uri(route.Request.Url).LocalPath)),
        ContentType = "text/javascript",
    });
}
