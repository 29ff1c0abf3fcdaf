using Chat.Tests.Documents;
using Chat.Tests.Support;

namespace Chat.Tests.Deploying;

/// <summary>What <c>dotnet publish -c Release</c> makes of a project.</summary>
internal static class PublishedProgram
{

    /// <summary>Returns the program's path. One after the other: both build what they share.</summary>
    public static async Task<string> OfAsync(string project)
    {
        // Code was analyzed when the tests were built.
        await using var publishing = await ChildProcess.StartAsync(
            "dotnet",
            ["publish", Path.Combine(Repository.Root, project), "-c", "Release", "--no-restore", $"-p:ChatFeed={Packages.Feed}", "-p:RunAnalyzers=false", "-nodeReuse:false", "-v", "q", "--nologo"],
            new Dictionary<string, string>());
        await publishing.ExitAsync();
        return publishing.ExitCode == 0
            ? Path.Combine(Repository.Root, "artifacts", "publish", project, "release", project + ".dll")
            : throw new InvalidOperationException($"{project} was not published:\n{publishing.Output}");
    }
}
