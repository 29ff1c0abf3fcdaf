#pragma warning disable CA1002, CA1034, CA2227 // shapes of the real package
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Docker;
using Aspire.Hosting.Docker.Resources.ComposeNodes;
using Aspire.Hosting.Docker.Resources.ServiceNodes;
using Aspire.Hosting.Docker.Resources.ServiceNodes.Swarm;

namespace Aspire.Hosting
{
    /// <summary>A Compose file's environment.</summary>
    public static class DockerComposeEnvironmentExtensions
    {
        /// <summary>Throws.</summary>
        public static IResourceBuilder<DockerComposeEnvironmentResource> AddDockerComposeEnvironment(this IDistributedApplicationBuilder builder, string name) =>
            throw MissingPublisher.Of("Aspire.Hosting.Docker");

        /// <summary>Whether Aspire's dashboard is among the services.</summary>
        public static IResourceBuilder<DockerComposeEnvironmentResource> WithDashboard(
            this IResourceBuilder<DockerComposeEnvironmentResource> builder, bool enabled = true) => builder;
    }

    /// <summary>Configures a service.</summary>
    public static class DockerComposeServiceExtensions
    {
        /// <summary>Does nothing.</summary>
        public static IResourceBuilder<T> PublishAsDockerComposeService<T>(
            this IResourceBuilder<T> builder, Action<DockerComposeServiceResource, Service> configure)
            where T : IComputeResource => builder;
    }
}

namespace Aspire.Hosting.Docker
{
    /// <summary>Never made.</summary>
    public class DockerComposeEnvironmentResource(string name) : Resource(name);

    /// <summary>Never made.</summary>
    public class DockerComposeServiceResource(string name) : Resource(name);
}

namespace Aspire.Hosting.Docker.Resources.ComposeNodes
{
    /// <summary>A service of a Compose file.</summary>
    public sealed class Service
    {
        public List<string> CapDrop { get; set; } = [];

        public Deploy? Deploy { get; set; }

        public List<string> Ports { get; set; } = [];

        public bool? ReadOnly { get; set; }

        public string? Restart { get; set; }

        public List<string> SecurityOpt { get; set; } = [];

        public string? StopGracePeriod { get; set; }

        public Dictionary<string, Ulimit> Ulimits { get; set; } = [];
    }
}

namespace Aspire.Hosting.Docker.Resources.ServiceNodes
{
    /// <summary>Limits of the operating system.</summary>
    public sealed class Ulimit
    {
        public int? Hard { get; set; }

        public int? Soft { get; set; }
    }
}

namespace Aspire.Hosting.Docker.Resources.ServiceNodes.Swarm
{
    /// <summary>The number of replicas, and their resources.</summary>
    public sealed class Deploy
    {
        public int? Replicas { get; set; }

        public Resources? Resources { get; set; }
    }

    /// <summary>The least and the most that a replica gets.</summary>
    public sealed class Resources
    {
        public ResourceSpec? Limits { get; set; }

        public ResourceSpec? Reservations { get; set; }
    }

    /// <summary>Cores and memory.</summary>
    public sealed class ResourceSpec
    {
        public string? Cpus { get; set; }

        public string? Memory { get; set; }
    }
}
