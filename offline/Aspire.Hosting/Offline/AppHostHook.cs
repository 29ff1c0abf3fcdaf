using System.Reflection;

namespace Aspire.Hosting.Offline;

/// <summary>Lets a test run the AppHost's own code in the test's process, and take over the application when it is built.</summary>
internal sealed class AppHostHook(Assembly appHost, Action<DistributedApplicationBuilder> onBuilding, Action<DistributedApplication> onBuilt)
{
    private static readonly AsyncLocal<AppHostHook?> Ambient = new();

    /// <summary>The hook of the test whose AppHost runs on this thread; null in an AppHost that runs by itself.</summary>
    public static AppHostHook? Current
    {
        get => Ambient.Value;
        set => Ambient.Value = value;
    }

    public Assembly AppHost { get; } = appHost;

    /// <summary>Blocks until the test asks for the application.</summary>
    public void OnBuilding(DistributedApplicationBuilder builder) => onBuilding(builder);

    public void OnBuilt(DistributedApplication application) => onBuilt(application);
}
