using AppHost;

var builder = DistributedApplication.CreateBuilder(args);
var settings = ClusterSettings.Read(builder.Configuration);
if (!await settings.CanStartAsync(builder.ExecutionContext) || !builder.TryPrepareDeployment(settings, out var deployment))
{
    return 1;
}

DashboardAddresses.Settle(builder.Configuration);
var redis = builder.AddClusterRedis(settings, deployment);
var apiKey = builder.MakeApiKey();
var sample = SampleBackend.Prepare(builder, settings);

var nodes = builder.AddProject<Projects.Chat_Api>("chat-api", launchProfileName: null)
    .WithHttp(deployment, health: "/health")
    .WithReplicas(settings.Replicas)
    .WithRedis(redis)
    .WithSecurityKey()
    .WithApiKey(apiKey)
    .WithSettings("Chat", "Auth", "Api", "Events")
    .WithDrainCommand();

var edge = builder.AddProject<Projects.Edge_Proxy>("edge", launchProfileName: null)
    .WithHttp(deployment, health: "/alive", port: settings.PublicPort)
    .WithExternalHttpEndpoints()
    .WithRedis(redis)
    .WithServerApi(apiKey)
    .WithSettings("Chat:Redis", "Chat:Memory", "Edge") // the rest of Chat is the nodes'
    .WithReference(nodes)
    .WaitFor(nodes)
    .WithLinks(nodes)
    .WithLoadCommand();

deployment?.Node(nodes);
deployment?.Edge(edge, nodes);
sample?.AddTo(edge, apiKey);
builder.AddReadyLine(edge, settings.Replicas, redis.Kind, apiKey, sample?.Address);

builder.Build().Run();
return Environment.ExitCode;
