#pragma warning disable CA1002, CA2227 // shapes of the real package
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Kubernetes;

namespace Aspire.Hosting
{
    /// <summary>A Helm chart's environment.</summary>
    public static class KubernetesEnvironmentExtensions
    {
        /// <summary>Throws.</summary>
        public static IResourceBuilder<KubernetesEnvironmentResource> AddKubernetesEnvironment(this IDistributedApplicationBuilder builder, string name) =>
            throw MissingPublisher.Of("Aspire.Hosting.Kubernetes");

        /// <summary>Whether Aspire's dashboard is in the chart.</summary>
        public static IResourceBuilder<KubernetesEnvironmentResource> WithDashboard(this IResourceBuilder<KubernetesEnvironmentResource> builder, bool enabled = true) => builder;
    }

    /// <summary>Configures a workload.</summary>
    public static class KubernetesServiceExtensions
    {
        /// <summary>Does nothing.</summary>
        public static IResourceBuilder<T> PublishAsKubernetesService<T>(this IResourceBuilder<T> builder, Action<KubernetesResource> configure)
            where T : IComputeResource => builder;
    }
}

namespace Aspire.Hosting.Kubernetes
{
    /// <summary>Never made.</summary>
    public class KubernetesEnvironmentResource(string name) : Resource(name);

    /// <summary>Never made.</summary>
    public class KubernetesResource(string name) : Resource(name)
    {
        public Resources.Workload? Workload { get; set; }
    }
}

namespace Aspire.Hosting.Kubernetes.Resources
{
    /// <summary>A Deployment or a StatefulSet.</summary>
    public abstract class Workload
    {
        public abstract PodTemplateSpecV1 PodTemplate { get; }
    }

    /// <summary>Pods with names and volumes of their own.</summary>
    public sealed class StatefulSet : Workload
    {
        public StatefulSetSpecV1 Spec { get; set; } = new();

        public override PodTemplateSpecV1 PodTemplate => Spec.Template;
    }

    public sealed class StatefulSetSpecV1
    {
        public PodTemplateSpecV1 Template { get; set; } = new();

        public List<PersistentVolumeClaim> VolumeClaimTemplates { get; } = [];
    }

    public sealed class PodTemplateSpecV1
    {
        public PodSpecV1 Spec { get; set; } = new();
    }

    public sealed class PodSpecV1
    {
        public List<ContainerV1> Containers { get; } = [];

        public long? TerminationGracePeriodSeconds { get; set; }

        public List<VolumeV1> Volumes { get; } = [];
    }

    public sealed class VolumeV1
    {
        public string Name { get; set; } = null!;
    }

    public sealed class PersistentVolumeClaim
    {
        public ObjectMetaV1 Metadata { get; set; } = new();

        public PersistentVolumeClaimSpecV1 Spec { get; set; } = new();
    }

    public sealed class ObjectMetaV1
    {
        public string Name { get; set; } = null!;
    }

    public sealed class PersistentVolumeClaimSpecV1
    {
        public List<string> AccessModes { get; } = [];

        public VolumeResourceRequirementsV1? Resources { get; set; }
    }

    public sealed class VolumeResourceRequirementsV1
    {
        public Dictionary<string, string> Requests { get; } = [];
    }

    public sealed class ContainerV1
    {
        public ProbeV1? LivenessProbe { get; set; }

        public ProbeV1? ReadinessProbe { get; set; }

        public ResourceRequirementsV1? Resources { get; set; }

        public SecurityContextV1? SecurityContext { get; set; }
    }

    public sealed class ProbeV1
    {
        public HttpGetActionV1? HttpGet { get; set; }
    }

    public sealed class HttpGetActionV1
    {
        public string Scheme { get; set; } = null!;
    }

    public sealed class ResourceRequirementsV1
    {
        public Dictionary<string, string> Limits { get; } = [];

        public Dictionary<string, string> Requests { get; } = [];
    }

    public sealed class SecurityContextV1
    {
        public bool? AllowPrivilegeEscalation { get; set; }

        public bool? ReadOnlyRootFilesystem { get; set; }

        public bool? RunAsNonRoot { get; set; }
    }
}
