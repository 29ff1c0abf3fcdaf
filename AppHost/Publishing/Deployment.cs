using Microsoft.Extensions.Configuration;

namespace AppHost.Publishing;

/// <summary>What publishing makes of the picture in AppHost.cs, for one kind of place. Nothing, where the cluster is run.</summary>
/// <remarks>These files use Aspire alone, since eng/Feed.targets compiles them before it takes the packages that publish.</remarks>
internal sealed class Deployment
{
    /// <summary>Where nodes and edges listen in their containers.</summary>
    public const int Port = 8080;

    private readonly ProcessSize _node;
    private readonly ProcessSize _edge;
    private readonly int _port;

    private Deployment(DeploymentTarget target, int nodes, int? edges, int? port)
    {
        Target = target;
        _port = port ?? Port;
        _node = new ProcessSize(nodes, Cores: 0.5, MemoryMiB: 1024);
        _edge = new ProcessSize(edges ?? (target == DeploymentTarget.Compose ? 1 : 2), Cores: 0.5, MemoryMiB: 1024);
    }

    public DeploymentTarget Target { get; }

    /// <summary>Whether Redis is yours, its connection string a parameter: there, no container can keep what it is given.</summary>
    public bool NeedsRedis => Target is DeploymentTarget.ContainerApps or DeploymentTarget.Manifest;

    /// <summary>Adds the place that the setting <c>Target</c> names. Null: the cluster is run.</summary>
    /// <param name="builder">The application.</param>
    /// <param name="nodes">How many nodes there are to be.</param>
    /// <param name="edges">How many edges; null: as many as are usual there.</param>
    /// <param name="port">Where clients connect, on a machine of one's own.</param>
    /// <exception cref="DistributedApplicationException">It is not known, or this feed lacks what publishes for it.</exception>
    public static Deployment? Prepare(IDistributedApplicationBuilder builder, int nodes, int? edges, int? port)
    {
        if (!builder.ExecutionContext.IsPublishMode)
        {
            return null;
        }

        var target = Read(builder.Configuration);
        switch (target)
        {
            case DeploymentTarget.Compose when edges > 1:
                throw new DistributedApplicationException("Edges: with Compose there is one edge, since it has the machine's port.");
            case DeploymentTarget.Compose:
                builder.AddCompose();
                break;
            case DeploymentTarget.Kubernetes:
                builder.AddKubernetes();
                break;
            case DeploymentTarget.ContainerApps:
                builder.AddContainerApps();
                break;
        }

        return new Deployment(target, nodes, edges, port);
    }

    public IResourceBuilder<ProjectResource> Node(IResourceBuilder<ProjectResource> nodes) => Process(nodes, _node);

    /// <param name="edge">The edge.</param>
    /// <param name="nodes">Which it sends clients to.</param>
    public IResourceBuilder<ProjectResource> Edge(IResourceBuilder<ProjectResource> edge, IResourceBuilder<ProjectResource> nodes)
    {
        Process(edge, _edge).WithReplicas(_edge.Replicas);
        return Target switch
        {
            // Nobody stands before it: what clients say of where they are from is not to be believed.
            DeploymentTarget.Compose => edge.DisableForwardedHeaders().PublishToComposePort(_port),

            // Nodes cannot be reached one by one.
            DeploymentTarget.ContainerApps or DeploymentTarget.Manifest => edge.WithEnvironment("Edge__Upstream", nodes.GetEndpoint("http")),
            _ => edge,
        };
    }

    public IResourceBuilder<T> Redis<T>(IResourceBuilder<T> redis)
        where T : IComputeResource => Target switch
        {
            DeploymentTarget.Compose => redis.PublishRedisToCompose(),
            DeploymentTarget.Kubernetes => redis.PublishRedisToKubernetes(),
            _ => redis,
        };

    private IResourceBuilder<ProjectResource> Process(IResourceBuilder<ProjectResource> project, ProcessSize size)
    {
        project.WithHttpProbe(ProbeType.Liveness, "/alive").WithHttpProbe(ProbeType.Readiness, "/health", periodSeconds: 2);
        return Target switch
        {
            DeploymentTarget.Compose => project.PublishToCompose(size),
            DeploymentTarget.Kubernetes => project.PublishToKubernetes(size),
            DeploymentTarget.ContainerApps => project.PublishToContainerApps(size),
            _ => project,
        };
    }

    private static DeploymentTarget Read(ConfigurationManager configuration) => configuration["Target"] switch
    {
        "compose" => DeploymentTarget.Compose,
        "kubernetes" => DeploymentTarget.Kubernetes,
        "aca" => DeploymentTarget.ContainerApps,
        null or "" when configuration["Publishing:Publisher"] == "manifest" => DeploymentTarget.Manifest,
        null or "" => throw new DistributedApplicationException("Say what to publish for: --Target=compose, --Target=kubernetes or --Target=aca."),
        var other => throw new DistributedApplicationException($"Target={other}: it must be compose, kubernetes or aca."),
    };
}

internal enum DeploymentTarget
{
    Compose,
    Kubernetes,
    ContainerApps,

    /// <summary>Container Apps as <c>azd</c> makes them of the manifest.</summary>
    Manifest,
}
