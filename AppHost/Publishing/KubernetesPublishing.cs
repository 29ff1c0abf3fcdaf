using System.Globalization;
using Aspire.Hosting.Kubernetes.Resources;

namespace AppHost.Publishing;

/// <summary>Kubernetes: a Helm chart.</summary>
internal static class KubernetesPublishing
{
    public static void AddKubernetes(this IDistributedApplicationBuilder builder) =>
        builder.AddKubernetesEnvironment("kubernetes").WithDashboard(enabled: false);

    public static IResourceBuilder<ProjectResource> PublishToKubernetes(this IResourceBuilder<ProjectResource> project, ProcessSize size) =>
        project.PublishAsKubernetesService(service =>
        {
            if (service.Workload?.PodTemplate.Spec is not { } pod)
            {
                return;
            }

            pod.TerminationGracePeriodSeconds = ProcessSize.StopSeconds;
            foreach (var container in pod.Containers)
            {
                container.SecurityContext = new() { RunAsNonRoot = true, ReadOnlyRootFilesystem = true, AllowPrivilegeEscalation = false };
                container.Resources = new();
                container.Resources.Requests["cpu"] = size.CoresText;
                container.Resources.Requests["memory"] = string.Create(CultureInfo.InvariantCulture, $"{size.MemoryMiB / 2}Mi");
                container.Resources.Limits["memory"] = string.Create(CultureInfo.InvariantCulture, $"{size.MemoryMiB}Mi");

                // Aspire writes "http", which Kubernetes does not accept.
                foreach (var probe in new[] { container.LivenessProbe, container.ReadinessProbe })
                {
                    if (probe?.HttpGet is { } request)
                    {
                        request.Scheme = "HTTP";
                    }
                }
            }
        });

    /// <summary>Replaces each of its volumes by a claim: a volume would end with the pod.</summary>
    public static IResourceBuilder<T> PublishRedisToKubernetes<T>(this IResourceBuilder<T> redis)
        where T : IComputeResource =>
        redis.PublishAsKubernetesService(service =>
        {
            if (service.Workload is not StatefulSet set)
            {
                return;
            }

            var pod = set.Spec.Template.Spec;
            pod.TerminationGracePeriodSeconds = ProcessSize.StopSeconds; // Redis saves its data
            foreach (var volume in pod.Volumes)
            {
                var claim = new PersistentVolumeClaim { Metadata = { Name = volume.Name }, Spec = new() { Resources = new() } };
                claim.Spec.AccessModes.Add("ReadWriteOnce");
                claim.Spec.Resources.Requests.Add("storage", "4Gi");
                set.Spec.VolumeClaimTemplates.Add(claim);
            }

            pod.Volumes.Clear();
        });
}
