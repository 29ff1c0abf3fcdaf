using System.Security.Cryptography;
using AppHost.Publishing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;

namespace AppHost;

/// <summary>The wiring behind the picture in AppHost.cs.</summary>
internal static class ClusterBuilder
{
    /// <summary>Prepares the deployment, if the application is published. Returns false if it cannot be published; the reason has been printed.</summary>
    /// <param name="builder">The application.</param>
    /// <param name="settings">How many nodes and edges there are to be.</param>
    /// <param name="deployment">Null if the cluster is run.</param>
    public static bool TryPrepareDeployment(this IDistributedApplicationBuilder builder, ClusterSettings settings, out Deployment? deployment)
    {
        try
        {
            deployment = Deployment.Prepare(builder, settings.Replicas, settings.Edges, settings.PublicPort);
            return true;
        }
        catch (DistributedApplicationException exception)
        {
            Console.Error.WriteLine(exception.Message);
            deployment = null;
            return false;
        }
    }

    /// <summary>Adds the Redis that the settings ask for.</summary>
    public static RedisServer AddClusterRedis(this IDistributedApplicationBuilder builder, ClusterSettings settings, Deployment? deployment) =>
        RedisServer.Add(builder, settings.Redis, deployment);

    /// <summary>Listens on any port, or on the port of a deployment's containers.</summary>
    /// <param name="project">The project that listens.</param>
    /// <param name="deployment">Null if the cluster is run.</param>
    /// <param name="health">The path of the health check when run here; a deployment has its own probes.</param>
    /// <param name="port">The public port when run here.</param>
    public static IResourceBuilder<ProjectResource> WithHttp(
        this IResourceBuilder<ProjectResource> project, Deployment? deployment, string health, int? port = null) => deployment is null
        ? project.WithHttpEndpoint(port).WithHttpHealthCheck(health)
        : project.WithHttpEndpoint(targetPort: Deployment.Port);

    /// <summary>Tells the process where Redis is, and starts it only once Redis answers.</summary>
    public static IResourceBuilder<ProjectResource> WithRedis(this IResourceBuilder<ProjectResource> project, RedisServer redis)
    {
        project.WithReference(redis.Connection, RedisServer.Name);
        return redis.Process is { } process ? project.WaitFor(process) : project;
    }

    /// <summary>Gives all nodes the same <c>Auth:SecurityKey</c>, so that each accepts a token that another made.</summary>
    /// <remarks>In Development, a random key, unless the settings have one. Elsewhere, the nodes report what is missing. A deployment asks for the
    /// key: the parameter <c>auth-key</c>.</remarks>
    public static IResourceBuilder<ProjectResource> WithSecurityKey(this IResourceBuilder<ProjectResource> nodes)
    {
        const string Variable = "Auth__SecurityKey";
        var builder = nodes.ApplicationBuilder;
        return builder.ExecutionContext.IsPublishMode ? nodes.WithEnvironment(Variable, builder.AddParameter("auth-key", secret: true))
            : builder.Environment.IsDevelopment() && string.IsNullOrEmpty(builder.Configuration["Auth:SecurityKey"])
                ? nodes.WithEnvironment(Variable, Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)))
                : nodes;
    }

    /// <summary>Returns a random key for backends in Development, unless the settings have keys or the edge is set not to let backends in; otherwise
    /// null.</summary>
    public static string? MakeApiKey(this IDistributedApplicationBuilder builder) =>
        builder.ExecutionContext.IsRunMode && builder.Environment.IsDevelopment()
            && !builder.Configuration.GetSection("Api:Keys").Exists() && builder.Configuration.GetValue("Edge:Api", true)
            ? Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32))
            : null;

    /// <summary>Gives the nodes a key for backends.</summary>
    public static IResourceBuilder<ProjectResource> WithApiKey(this IResourceBuilder<ProjectResource> nodes, string? key) => key is null
        ? nodes
        : nodes.WithEnvironment("Api__Keys__0__Name", "development").WithEnvironment("Api__Keys__0__Secret", key);

    /// <summary>Lets backends that have the key in through the edge.</summary>
    public static IResourceBuilder<ProjectResource> WithServerApi(this IResourceBuilder<ProjectResource> edge, string? key) => key is null
        ? edge
        : edge.WithEnvironment("Edge__Api", "true");

    /// <summary>Passes on the AppHost's environment and every setting of these sections, so that they are given in one place.</summary>
    public static IResourceBuilder<ProjectResource> WithSettings(this IResourceBuilder<ProjectResource> project, params string[] sections)
    {
        var builder = project.ApplicationBuilder;
        if (builder.ExecutionContext.IsPublishMode)
        {
            return project; // a deployment has its own
        }

        project.WithEnvironment("ASPNETCORE_ENVIRONMENT", builder.Environment.EnvironmentName);
        foreach (var (key, value) in sections.SelectMany(section => builder.Configuration.GetSection(section).AsEnumerable()))
        {
            if (value is not null)
            {
                project.WithEnvironment(key.Replace(":", "__", StringComparison.Ordinal), value);
            }
        }

        return project;
    }

    /// <summary>Says when the cluster is up, in one line that a person and a script can read.</summary>
    public static void AddReadyLine(
        this IDistributedApplicationBuilder builder, IResourceBuilder<ProjectResource> edge, int replicas, string redis, string? apiKey, Uri? sample)
    {
        if (builder.ExecutionContext.IsRunMode)
        {
            var cluster = new ExpectedCluster(edge.Resource.Name, edge.GetEndpoint("http"), replicas, redis, apiKey, sample);
            builder.Services.TryAddSingleton(TimeProvider.System);
            builder.Services.AddSingleton(cluster);
            builder.Services.AddHostedService<ReadyLine>();
        }
    }
}
