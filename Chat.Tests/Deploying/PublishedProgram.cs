using Chat.Tests.Documents;
using Chat.Tests.Support;

namespace Chat.Tests.Deploying;

/// <summary>What <c>dotnet publish</c> makes of a project, as it was built for these tests: to compile it once more took as long as ten starts of
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
