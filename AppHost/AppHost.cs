using AppHost;

var builder = DistributedApplication.CreateBuilder(args);
var settings = ClusterSettings.Read(builder.Configuration);
if (!await settings.CanStartAsync(builder.ExecutionContext))
{
    return 1;
}

DashboardAddresses.Settle(builder.Configuration);
var redis = builder.AddClusterRedis(settings);
var apiKey = builder.MakeApiKey();
var sample = SampleBackend.Prepare(builder, settings);

var nodes = builder.AddProject<Projects.Chat_Api>("chat-api", launchProfileName: null)
    .WithHttpEndpoint()
    .WithReplicas(settings.Replicas)
    .WithHttpHealthCheck("/health")
    .WithRedis(redis)
    .WithSecurityKey()
    .WithApiKey(apiKey)
    .WithSettings("Chat", "Auth", "Api", "Events")
    .WithDrainCommand();

var edge = builder.AddProject<Projects.Edge_Proxy>("edge", launchProfileName: null)
    .WithHttpEndpoint(port: settings.PublicPort)
    .WithExternalHttpEndpoints()
    .WithHttpHealthCheck("/alive")
    .WithRedis(redis)
    .WithServerApi(apiKey)
    .WithSettings("Chat", "Edge")
    .WithReference(nodes)
    .WaitFor(nodes)
    .WithLinks(nodes)
    .WithLoadCommand();

sample?.AddTo(edge, apiKey);
builder.AddReadyLine(edge, settings.Replicas, redis.Kind, apiKey);

builder.Build().Run();
return 0;
