using Chat.Api.Access;
using Chat.Api.Auth;
using Chat.Api.Events;
using Chat.Api.Hubs;
using Chat.Api.Nodes;
using Chat.Api.Operations;
using Chat.Api.Presence;
using Chat.Api.ServerApi;
using Chat.Api;
using ServiceDefaults;

ChatServer.BeforeStart();
return await Startup.RunAsync(
    args,
    static builder =>
    {
        builder.AddServiceDefaults();
        builder.AddNodes();
        builder.AddAuth();
        builder.AddEvents();
        builder.AddPresence();
        builder.AddAccess();
        builder.AddChat();
        builder.AddChatHub();
        builder.AddServerApi();
        builder.AddOperations();
    },
    static app =>
    {
        app.UseNodeHeader();
        app.UseServerApi();
        app.UseChatHub();
        app.UseAuth();
        app.MapDefaultEndpoints();
        app.MapNodes().RequireService(app.Environment);
        app.MapEdgeStop();
        app.MapAuth();
        app.UsePresence();
        app.UseAccess();
        app.MapChat();
        app.MapChatHub();
        app.MapServerApi();
        app.MapOperations();
    });
