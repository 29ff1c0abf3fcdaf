using Chat.Api;
using Chat.Api.Nodes;
using ServiceDefaults;

ChatServer.BeforeStart();
var builder = WebApplication.CreateBuilder(args);
builder.AddServiceDefaults();
builder.AddNodes();
builder.AddChat();

var app = builder.Build();
app.UseNodeHeader();
app.MapDefaultEndpoints();
app.MapNodes();
app.MapChat();

return await app.RunOrExplainAsync();
