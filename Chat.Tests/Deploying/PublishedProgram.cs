using Chat.Tests.Documents;
using Chat.Tests.Support;

namespace Chat.Tests.Deploying;

/// <summary>The output of <c>dotnet publish</c> for a project, from the build of these tests. Compiling it again took as long as starting ten
/// clusters.</summary>
internal static class PublishedProgram
{
    /// <summary>Returns the program's path.</summary>
    public static async Task<string> OfAsync(string project)
    {
        await using var publishing = await ChildProcess.StartAsync(
            "dotnet",
            ["publish", Path.Combine(Repository.Root, project), "-c", Repository.Configuration, "--no-build", $"-p:ChatFeed={Packages.Feed}", "-m:1", "-nodeReuse:false", "-v", "q", "--nologo"],
            new Dictionary<string, string>());
        await publishing.ExitAsync();
        return publishing.ExitCode == 0
            ? Path.Combine(Repository.Root, "artifacts", "publish", project, Repository.Configuration, project + ".dll")
            : throw new InvalidOperationException($"{project} was not published:\n{publishing.Output}");
    }
}
