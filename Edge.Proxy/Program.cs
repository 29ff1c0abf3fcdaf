using Edge.Proxy;
using ServiceDefaults;

var builder = WebApplication.CreateBuilder(args);
builder.AddServiceDefaults();
builder.AddEdge();

var app = builder.Build();
app.UseWebPage();
app.MapDefaultEndpoints();
app.MapEdge();

return await app.RunOrExplainAsync();
