using System.Globalization;

namespace AppHost.Publishing;

/// <summary>Docker Compose.</summary>
internal static class ComposePublishing
{
    // The dashboard would be open to everybody who can reach the machine. Telemetry goes to OTEL_EXPORTER_OTLP_ENDPOINT instead.
    public static void AddCompose(this IDistributedApplicationBuilder builder) =>
        builder.AddDockerComposeEnvironment("compose").WithDashboard(enabled: false);

    public static IResourceBuilder<ProjectResource> PublishToCompose(this IResourceBuilder<ProjectResource> project, ProcessSize size) =>
        project.PublishAsDockerComposeService((_, service) =>
        {
            service.Restart = "unless-stopped";
            service.StopGracePeriod = $"{ProcessSize.StopSeconds}s";
            service.ReadOnly = true;
            service.CapDrop.Add("ALL");
            service.SecurityOpt.Add("no-new-privileges:true");
            service.Ulimits["nofile"] = new() { Soft = ProcessSize.OpenFiles, Hard = ProcessSize.OpenFiles };
            service.Deploy = new()
            {
                Replicas = size.Replicas,
                Resources = new()
                {
                    Reservations = new() { Cpus = size.CoresText, Memory = $"{size.MemoryMiB / 2}m" },
                    Limits = new() { Memory = $"{size.MemoryMiB}m" },
                },
            };
        });

    /// <summary>Opens the public door, at <c>EDGE_PORT</c> of the machine.</summary>
    public static IResourceBuilder<ProjectResource> PublishToComposePort(this IResourceBuilder<ProjectResource> edge, int port) =>
        edge.PublishAsDockerComposeService((_, service) =>
        {
            service.Ports.Clear();
            service.Ports.Add(string.Create(CultureInfo.InvariantCulture, $"${{EDGE_PORT:-{port}}}:{Deployment.Port}"));
        });

    public static IResourceBuilder<T> PublishRedisToCompose<T>(this IResourceBuilder<T> redis)
        where T : IComputeResource =>
        redis.PublishAsDockerComposeService((_, service) =>
        {
            service.Restart = "unless-stopped";
            service.StopGracePeriod = $"{ProcessSize.StopSeconds}s"; // Redis saves its data
        });
}
