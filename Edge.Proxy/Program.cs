using Edge.Proxy;
using ServiceDefaults;

return await Startup.RunAsync(
    args,
    static builder =>
    {
        builder.AddServiceDefaults();
        builder.AddEdge();
    },
    static app =>
    {
        app.UseWebPage();
        app.MapDefaultEndpoints();
        app.MapEdge();
    });
