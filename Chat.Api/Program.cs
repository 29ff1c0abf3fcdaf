using Chat.Api.Nodes;
using ServiceDefaults;

var builder = WebApplication.CreateBuilder(args);
builder.AddServiceDefaults();
builder.AddNodes();

var app = builder.Build();
app.UseNodeHeader();
app.MapDefaultEndpoints();
app.MapNodes();

return await app.RunOrExplainAsync();
