using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace AppHost;

/// <summary>The dashboard's commands for the running cluster. Only in Development: elsewhere, the nodes require a key.</summary>
internal static class ClusterCommands
{
    public const string Drain = "drain";
    public const string Load = "load";

    private const string Http = "http";

    /// <summary>Lets each node be drained.</summary>
    public static IResourceBuilder<ProjectResource> WithDrainCommand(this IResourceBuilder<ProjectResource> nodes)
    {
        if (!nodes.ApplicationBuilder.Environment.IsDevelopment())
        {
            return nodes;
        }

        var address = nodes.GetEndpoint(Http);
        return nodes.WithCommand(Drain, "Drain", context => DrainAsync(context, address), new CommandOptions
        {
            Description = "Hands its clients over to the other nodes. It takes no new ones until it is restarted.",
            ConfirmationMessage = "Its clients go to the other nodes, and it takes no new ones until it is restarted. Drain it?",
            IconName = "ArrowExit",
        });
    }

    /// <summary>Lets a small load be put on the cluster.</summary>
    public static IResourceBuilder<ProjectResource> WithLoadCommand(this IResourceBuilder<ProjectResource> edge)
    {
        if (!edge.ApplicationBuilder.Environment.IsDevelopment())
        {
            return edge; // nothing gives its users tokens
        }

        var address = edge.GetEndpoint(Http);
        return edge.WithCommand(Load, "Run a small load", context => LoadAsync(context, address), new CommandOptions
        {
            Description = $"{SmallLoad.Users} users write in one group for some seconds. Says what arrived, and how fast.",
            IconName = "PeopleChat",
        });
    }

    private static async Task<ExecuteCommandResult> DrainAsync(ExecuteCommandContext context, EndpointReference nodes)
    {
        if (!context.Services.GetRequiredService<ResourceNotificationService>().TryGetCurrentState(context.ResourceName, out var instance))
        {
            return Failed($"There is no {context.ResourceName}.");
        }

        using var cluster = new ClusterClient(new Uri(nodes.Url));
        return await cluster.DrainAsync(instance.Snapshot, context.CancellationToken) is { } problem ? Failed(problem) : CommandResults.Success();
    }

    private static async Task<ExecuteCommandResult> LoadAsync(ExecuteCommandContext context, EndpointReference edge)
    {
        var (isGood, text) = await SmallLoad.RunAsync(new Uri(edge.Url), context.CancellationToken);
        return isGood ? CommandResults.Success(text) : Failed(text);
    }

    private static ExecuteCommandResult Failed(string why) => CommandResults.Failure(why);
}
