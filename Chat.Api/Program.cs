using Chat.Api;
using Chat.Api.Nodes;
using ServiceDefaults;

ChatServer.BeforeStart();
return await Startup.RunAsync(
    args,
    static builder =>
    {
        builder.AddServiceDefaults();
        builder.AddNodes();
        builder.AddChat();
    },
    static app =>
    {
        app.UseNodeHeader();
        app.MapDefaultEndpoints();
        app.MapNodes();
        app.MapChat();
    });
