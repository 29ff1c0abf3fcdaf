using System.Reflection;

namespace Aspire.Hosting.Offline;

/// <summary>Where the AppHost project is; its build writes that into the assembly (build/AppHost.targets).</summary>
internal static class AppHostProject
{
    public static string DirectoryOf(Assembly? appHost) =>
        appHost?.GetCustomAttributes<AssemblyMetadataAttribute>()
            .FirstOrDefault(entry => entry.Key == "apphostprojectpath")?.Value ?? Directory.GetCurrentDirectory();
}
