using Chat.Tests.Documents;
using Chat.Tests.Hubs;
using Chat.Tests.NodeJs;
using Chat.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace Chat.Tests.ClientLibrary;

/// <summary>The samples of docs/CLIENTS.md, run as the document says.</summary>
public sealed class SampleTests(HubCluster cluster, ITestOutputHelper output) : HubTest(cluster, output)
{
    // artifacts/bin/Chat.Tests/debug
    private static readonly DirectoryInfo Build = new(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar));
    private static readonly string Binaries = Build.Parent!.Parent!.FullName;

    [Fact]
    public async Task TwoConsoles_HearEachOther()
    {
        var group = Unique("lobby");
        await using var anna = await StartAsync("anna", group);
        await UntilAsync(anna, $"{group} anna: anna is here");
        await using var ben = await StartAsync("ben", group);

        await UntilAsync(anna, $"{group} ben: ben is here");
    }

    [NodeFact]
    public async Task ConsolesOfBothLibraries_HearEachOther()
    {
        var group = Unique("lobby");
        await using var anna = await StartNodeAsync("anna", group);
        await UntilAsync(anna, $"{group} anna: anna is here");
        await using var ben = await StartAsync("ben", group);

        await UntilAsync(anna, $"{group} ben: ben is here");
    }

    // A program that people start from must not silently lose messages that could not be sent.
    [NodeFact]
    public async Task WhoMayNotWrite_IsToldSo()
    {
        var (group, anna, ben) = (Unique("lobby"), Unique("anna"), Unique("ben"));
        await Cluster.SanctionAsync("mute", anna);
        await Cluster.SanctionAsync("mute", ben);

        await using var console = await StartAsync(anna, group);
        await using var other = await StartNodeAsync(ben, group);

        await UntilAsync(console, "[not sent: You may not do that there");
        await UntilAsync(other, "[not sent: You may not do that there");
    }

    [Theory]
    [InlineData("HelloChat/Program.cs")]
    [InlineData("HelloNode/hello.mjs")]
    public void Document_ShowsTheCodeOfTheSample(string sample) =>
        Assert.Contains(Repository.Read($"samples/{sample}"), Repository.Read("docs/CLIENTS.md"), StringComparison.Ordinal);

    // Runs from its own folder, which contains its dependencies beyond the framework.
    private Task<ChildProcess> StartAsync(string name, string group) => ChildProcess.StartAsync(
        "dotnet", [Path.Combine(Binaries, "HelloChat", Build.Name, "HelloChat.dll"), Cluster.Edge.Address.ToString(), name, group], new Dictionary<string, string>());

    private Task<ChildProcess> StartNodeAsync(string name, string group) => ChildProcess.StartAsync(
        NpmFolder.Node!, [NodeFactAttribute.WebSockets, Path.Combine(Repository.Root, "samples", "HelloNode", "hello.mjs"), Cluster.Edge.Address.ToString(), name, group], new Dictionary<string, string>());

    private static async Task UntilAsync(ChildProcess console, string line)
    {
        try
        {
            await Eventually.TrueAsync(() => console.Output.Contains(line, StringComparison.Ordinal));
        }
        catch (TimeoutException)
        {
            Assert.Fail($"It never wrote '{line}', but:\n{console.Output}");
        }
    }
}
