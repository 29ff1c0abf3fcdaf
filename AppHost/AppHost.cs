var builder = DistributedApplication.CreateBuilder(args);

var nodes = builder.AddProject<Projects.Chat_Api>("chat-api", launchProfileName: null)
    .WithHttpEndpoint()
    .WithReplicas(3);

builder.AddProject<Projects.Edge_Proxy>("edge", launchProfileName: null)
    .WithHttpEndpoint(port: 8080)
    .WithExternalHttpEndpoints()
    .WithReference(nodes)
    .WaitFor(nodes);

builder.Build().Run();
