// A chat as one writes it with SignalR and its Redis backplane alone, to be measured beside Chat: the same calls and events, but no log, no positions
// and no acknowledgement by Redis. The user comes from the query here, since authentication is not measured.
using Microsoft.AspNetCore.SignalR;

var builder = WebApplication.CreateSlimBuilder(args);
builder.Services.AddSignalR().AddStackExchangeRedis(builder.Configuration.GetConnectionString("redis")!);
var app = builder.Build();
app.MapHub<PlainHub>("/signalr/chat");
app.MapGet("/health", () => "ready");
app.Run();

internal sealed record Post(string Message, string Group);

internal sealed record Direct(string Message, string To);

internal sealed record Join(string Group);

internal sealed class PlainHub : Hub
{
    private string Nick => Context.GetHttpContext()!.Request.Query["nick"].ToString();

    public override Task OnConnectedAsync() => Groups.AddToGroupAsync(Context.ConnectionId, "user:" + Nick);

    [HubMethodName("join")]
    public Task JoinAsync(Join request) => Groups.AddToGroupAsync(Context.ConnectionId, "group:" + request.Group);

    [HubMethodName("post")]
    public Task PostAsync(Post request) =>
        Clients.Group("group:" + request.Group).SendAsync("message", new { request.Message, request.Group, Nick });

    [HubMethodName("send")]
    public Task SendAsync(Direct request) =>
        Clients.Group("user:" + request.To).SendAsync("direct", new { request.Message, request.To, Nick });
}
