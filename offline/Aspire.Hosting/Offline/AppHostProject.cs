using System.Reflection;

namespace Aspire.Hosting.Offline;

/// <summary>The folder of the AppHost project; its build writes that into the assembly (build/AppHost.targets).</summary>
internal static class AppHostProject
{
    public static string DirectoryOf(Assembly? appHost) =>
        appHost?.GetCustomAttributes<AssemblyMetadataAttribute>()
            .FirstOrDefault(entry => entry.Key == "apphostprojectpath")?.Value ?? Directory.GetCurrentDirectory();
}
