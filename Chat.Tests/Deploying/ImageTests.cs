using System.Text.Json.Nodes;
using Chat.Tests.Documents;
using Chat.Tests.Support;
using Xunit;

namespace Chat.Tests.Deploying;

/// <summary>The settings of the images, as the SDK has them before it fetches the base image.</summary>
public sealed class ImageTests
{
    // Checks the node's image. The edge's uses the same file, eng/Container.props.
    [Fact]
    public async Task Image_HasNoShell_HasIcu_AndListensOnItsPort()
    {
        await using var asking = await ChildProcess.StartAsync(
            "dotnet",
            [
                "msbuild", Path.Combine(Repository.Root, "Chat.Api"), $"-p:ChatFeed={Packages.Feed}", "-nodeReuse:false", "-nologo", "-t:ComputeContainerBaseImage",
                "-getProperty:ContainerBaseImage", "-getProperty:ContainerRepository", "-getItem:ContainerPort",
            ],
            new Dictionary<string, string>());
        await asking.ExitAsync();
        Assert.True(asking.ExitCode == 0, asking.Output);
        var answer = JsonNode.Parse(asking.Output)!;

        Assert.EndsWith("/dotnet/aspnet:10.0-noble-chiseled-extra", (string?)answer["Properties"]!["ContainerBaseImage"], StringComparison.Ordinal);
        Assert.Equal("chat-api", (string?)answer["Properties"]!["ContainerRepository"]);
        Assert.Contains("Container.props", Repository.Read("Edge.Proxy/Edge.Proxy.csproj"), StringComparison.Ordinal);
        Assert.Equal("8080", (string?)answer["Items"]!["ContainerPort"]![0]!["Identity"]);
    }
}
