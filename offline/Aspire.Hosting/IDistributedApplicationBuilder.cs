using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Aspire.Hosting;

/// <summary>Puts an application together.</summary>
public interface IDistributedApplicationBuilder
{
    /// <summary>Command line, environment, appsettings.json, in this order.</summary>
    ConfigurationManager Configuration { get; }

    /// <summary>Where the AppHost project is.</summary>
    string AppHostDirectory { get; }

    /// <summary>Development, Production and so on.</summary>
    IHostEnvironment Environment { get; }

    /// <summary>Whether the application is run or published.</summary>
    DistributedApplicationExecutionContext ExecutionContext { get; }

    /// <summary>Services of the AppHost itself.</summary>
    IServiceCollection Services { get; }

    /// <summary>What has been added so far.</summary>
    ResourceCollection Resources { get; }

    /// <summary>Adds a resource; its name must be new.</summary>
    IResourceBuilder<T> AddResource<T>(T resource)
        where T : IResource;

    /// <summary>Returns a builder for a resource that may already belong to the application.</summary>
    IResourceBuilder<T> CreateResourceBuilder<T>(T resource)
        where T : IResource;

    /// <summary>Completes the application.</summary>
    DistributedApplication Build();
}

/// <summary>The resources of an application, in the order they were added.</summary>
public sealed class ResourceCollection : System.Collections.ObjectModel.Collection<IResource>;

/// <summary>Whether the application is run or published.</summary>
public sealed class DistributedApplicationExecutionContext
{
    internal DistributedApplicationExecutionContext(IConfiguration configuration) =>
        IsPublishMode = configuration["operation"] == "publish" || !string.IsNullOrEmpty(configuration["publisher"]);

    /// <summary>True if the application runs on this machine, now.</summary>
    public bool IsRunMode => !IsPublishMode;

    /// <summary>True if a deployment is to be written. The stand-in cannot do that, and says so when it is run.</summary>
    public bool IsPublishMode { get; }
}
