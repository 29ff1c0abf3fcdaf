using System.Globalization;

namespace AppHost.Publishing;

/// <summary>Azure Container Apps.</summary>
internal static class ContainerAppsPublishing
{
    public static void AddContainerApps(this IDistributedApplicationBuilder builder) =>
        builder.AddAzureContainerAppEnvironment("aca").WithAzdResourceNaming(); // so that azd and aspire deploy use the same names

    public static IResourceBuilder<ProjectResource> PublishToContainerApps(this IResourceBuilder<ProjectResource> project, ProcessSize size) =>
        project.PublishAsAzureContainerApp((_, app) =>
        {
            app.Template.Scale.MinReplicas = size.Replicas;
            app.Template.Scale.MaxReplicas = size.Replicas;
            app.Template.TerminationGracePeriodSeconds = ProcessSize.StopSeconds;
            foreach (var container in app.Template.Containers)
            {
                // Container Apps sells memory only with cores: 2 GiB each.
                container.Value!.Resources.Cpu = size.Cores;
                container.Value!.Resources.Memory = string.Create(CultureInfo.InvariantCulture, $"{2 * size.Cores:0.##}Gi");
            }
        });
}
