using System.Text.Json.Nodes;
using Chat.Tests.Documents;
using Chat.Tests.Support;
using Xunit;

namespace Chat.Tests.Deploying;

/// <summary>The output of the AppHost when it is published.</summary>
public sealed class AppHostPublishTests
{
    // The build's folder, with all dependencies.
    private static readonly string AppHost = Path.Combine(
        Repository.Root, "artifacts", "bin", "AppHost", Path.GetFileName(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar)), "AppHost.dll");

    // Once it published nothing and ended with exit code 0.
    [Theory]
    [InlineData(null, "--Target=compose, --Target=kubernetes or --Target=aca")]
    [InlineData("swarm", "Target=swarm: it must be compose, kubernetes or aca.")]
    public async Task Publish_ForNowhere_SaysSo_AndFails(string? target, string problem) => Assert.Contains(problem, await FailAsync(target), StringComparison.Ordinal);

    [StandInTheory]
    [InlineData("compose", "Aspire.Hosting.Docker")]
    [InlineData("kubernetes", "Aspire.Hosting.Kubernetes")]
    [InlineData("aca", "Aspire.Hosting.Azure.AppContainers")]
    public async Task Publish_WithoutThePackage_NamesIt_AndFails(string target, string package) =>
        Assert.Contains($"needs the package {package}", await FailAsync(target), StringComparison.Ordinal);

    // The file that azd reads. Once it did not say that nodes cannot be reached one by one.
    [AspireFact]
    public async Task Manifest_IsForContainerApps()
    {
        var folder = Directory.CreateTempSubdirectory("chat-manifest-");
        var file = Path.Combine(folder.FullName, "manifest.json");
        try
        {
            var (code, text) = await RunAsync("--publisher", "manifest", "--output-path", file);
            Assert.True(code == 0, text);
            var resources = JsonNode.Parse(await File.ReadAllTextAsync(file))!["resources"]!;

            Assert.Equal(["auth-key", "chat-api", "edge", "redis"], resources.AsObject().Select(one => one.Key).Order());
            Assert.All(["auth-key", "redis"], name => Assert.True(resources[name]!["inputs"]!["value"]!["secret"]!.GetValue<bool>())); // entered by the user, not generated
            Assert.Equal("{auth-key.value}", (string?)resources["chat-api"]!["env"]!["Auth__SecurityKey"]);
            Assert.Equal("{chat-api.bindings.http.url}", (string?)resources["edge"]!["env"]!["Edge__Upstream"]);
            Assert.True(resources["edge"]!["bindings"]!["http"]!["external"]!.GetValue<bool>());
            Assert.Null(resources["chat-api"]!["bindings"]!["http"]!["external"]);
            Assert.All(["edge", "chat-api"], name => Assert.Equal("{redis.connectionString}", (string?)resources[name]!["env"]!["ConnectionStrings__redis"]));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static async Task<string> FailAsync(string? target)
    {
        var (code, text) = await RunAsync(["--operation", "publish", "--step", "publish", .. target is null ? Array.Empty<string>() : [$"--Target={target}"]]);
        Assert.True(code == 1, text);
        return text;
    }

    private static async Task<(int Code, string Output)> RunAsync(params string[] arguments)
    {
        await using var program = await ChildProcess.StartAsync(
            "dotnet", [AppHost, .. arguments], new Dictionary<string, string>());
        await program.ExitAsync();
        return (program.ExitCode, program.Output);
    }

    [AttributeUsage(AttributeTargets.Method)]
    private sealed class StandInTheoryAttribute : TheoryAttribute
    {
        public StandInTheoryAttribute() => Skip = Packages.HasPublishers ? "The packages that publish are there." : null;
    }

    [AttributeUsage(AttributeTargets.Method)]
    private sealed class AspireFactAttribute : FactAttribute
    {
        public AspireFactAttribute() => Skip = Packages.HasAspire ? null : "The stand-in for Aspire publishes nothing.";
    }
}
