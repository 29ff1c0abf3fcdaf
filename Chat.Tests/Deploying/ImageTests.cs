using System.Text.Json.Nodes;
using Chat.Tests.Documents;
using Chat.Tests.Support;
using Xunit;

namespace Chat.Tests.Deploying;

/// <summary>What the images are made of, as the SDK has it before it fetches the image below.</summary>
public sealed class ImageTests
{
    [Theory]
    [InlineData("Chat.Api", "chat-api")]
    [InlineData("Edge.Proxy", "edge")]
    public async Task Image_HasNoShell_HasIcu_AndListensOnItsPort(string project, string name)
    {
        await using var asking = await ChildProcess.StartAsync(
            "dotnet",
            [
                "msbuild", Path.Combine(Repository.Root, project), $"-p:ChatFeed={Packages.Feed}", "-nodeReuse:false", "-nologo", "-t:ComputeContainerBaseImage",
                "-getProperty:ContainerBaseImage", "-getProperty:ContainerRepository", "-getItem:ContainerPort",
            ],
            new Dictionary<string, string>());
        await asking.ExitAsync();
        Assert.True(asking.ExitCode == 0, asking.Output);
        var answer = JsonNode.Parse(asking.Output)!;

        Assert.EndsWith("/dotnet/aspnet:10.0-noble-chiseled-extra", (string?)answer["Properties"]!["ContainerBaseImage"], StringComparison.Ordinal);
        Assert.Equal(name, (string?)answer["Properties"]!["ContainerRepository"]);
        Assert.Equal("8080", (string?)answer["Items"]!["ContainerPort"]![0]!["Identity"]);
    }
}
