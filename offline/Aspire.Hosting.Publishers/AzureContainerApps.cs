using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Azure;
using Aspire.Hosting.Azure.AppContainers;
using Azure.Provisioning.AppContainers;

namespace Aspire.Hosting
{
    /// <summary>An environment of Azure Container Apps.</summary>
    public static class AzureContainerAppExtensions
    {
        /// <summary>Throws.</summary>
        public static IResourceBuilder<AzureContainerAppEnvironmentResource> AddAzureContainerAppEnvironment(this IDistributedApplicationBuilder builder, string name) =>
            throw MissingPublisher.Of("Aspire.Hosting.Azure.AppContainers");

        /// <summary>Uses the names that azd would give.</summary>
        public static IResourceBuilder<AzureContainerAppEnvironmentResource> WithAzdResourceNaming(this IResourceBuilder<AzureContainerAppEnvironmentResource> builder) => builder;
    }

    /// <summary>Configures the app of a project.</summary>
    public static class AzureContainerAppProjectExtensions
    {
        /// <summary>Does nothing.</summary>
        public static IResourceBuilder<T> PublishAsAzureContainerApp<T>(this IResourceBuilder<T> project, Action<AzureResourceInfrastructure, ContainerApp> configure)
            where T : ProjectResource => project;
    }
}

namespace Aspire.Hosting.Azure
{
    /// <summary>Never made.</summary>
    public sealed class AzureResourceInfrastructure;
}

namespace Aspire.Hosting.Azure.AppContainers
{
    /// <summary>Never made.</summary>
    public class AzureContainerAppEnvironmentResource(string name) : Resource(name);
}

namespace Azure.Provisioning
{
    /// <summary>A value of a Bicep file.</summary>
    public class BicepValue<T>
    {
        public T? Value { get; init; }

        public static implicit operator BicepValue<T>(T value) => new() { Value = value };
    }

    /// <summary>A list of a Bicep file.</summary>
    public class BicepList<T> : List<BicepValue<T>>;
}

namespace Azure.Provisioning.AppContainers
{
    /// <summary>An app.</summary>
    public class ContainerApp
    {
        public ContainerAppTemplate Template { get; set; } = new();
    }

    public class ContainerAppTemplate
    {
        public BicepList<ContainerAppContainer> Containers { get; set; } = [];

        public ContainerAppScale Scale { get; set; } = new();

        public BicepValue<long> TerminationGracePeriodSeconds { get; set; } = 0;
    }

    public class ContainerAppScale
    {
        public BicepValue<int> MaxReplicas { get; set; } = 0;

        public BicepValue<int> MinReplicas { get; set; } = 0;
    }

    public class ContainerAppContainer
    {
        public AppContainerResources Resources { get; set; } = new();
    }

    public class AppContainerResources
    {
        public BicepValue<double> Cpu { get; set; } = 0;

        public BicepValue<string> Memory { get; set; } = "";
    }
}
