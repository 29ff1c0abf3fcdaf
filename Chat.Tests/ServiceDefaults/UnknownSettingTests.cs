using Chat.Tests.Auth;
using Chat.Tests.Edge;
using Chat.Tests.Support;
using Microsoft.Extensions.Configuration;
using ServiceDefaults;
using Xunit;

namespace Chat.Tests.ServiceDefaults;

/// <summary>A setting that nothing reads is reported, and one that something reads is not.</summary>
public sealed class UnknownSettingTests
{
    [Theory]
    [InlineData("Chat:Limits:PerNod", "Chat:Limits:PerNod is not a known setting and is ignored; Chat:Limits has Age, Keys, PerNode, Shares")]
    [InlineData("chat:limits:pernod", "Chat:limits:pernod is not a known setting and is ignored; Chat:limits has Age, Keys, PerNode, Shares")]
    [InlineData("Chat:Limit:PerNode", "Chat:Limit:PerNode is not a known setting and is ignored; Chat has Limits, Redis")]
    [InlineData("Chat:Limits:Keys:0:Nme", "Chat:Limits:Keys:0:Nme is not a known setting and is ignored; Chat:Limits:Keys:0 has Name")]
    [InlineData("Chat:Limits:PerNode:0", "Chat:Limits:PerNode:0 is not a known setting and is ignored; Chat:Limits has Age, Keys, PerNode, Shares")]
    [InlineData("Chat:Redis:Prefixes", "Chat:Redis:Prefixes is not a known setting and is ignored; Chat:Redis has Prefix")]
    public void Setting_ThatNobodyReads_IsToldOf_WithThoseThatThereAre(string key, string expected) => Assert.Equal([$"Warning: {expected} "], WarningsOf(key));

    [Theory]
    [InlineData("Chat:Limits:PerNode")]
    [InlineData("CHAT:LIMITS:PERNODE")]
    [InlineData("Chat:Limits:Age")]
    [InlineData("Chat:Limits:Keys:0:Name")]
    [InlineData("Chat:Limits:Shares:group")]
    [InlineData("Chat:Redis:Prefix")]
    [InlineData("Chat")] // as an environment variable may be called
    [InlineData("Chats:Limits")]
    [InlineData("Edge:Limits")] // a setting of another program
    public void Setting_ThatSomebodyReads_OrOfSomebodyElse_IsNot(string key) => Assert.Empty(WarningsOf(key));

    [Fact]
    public async Task Processes_OfACluster_KnowAllThatTheyAreGiven_AndSayWhatTheyDoNot()
    {
        await using var cluster = await NodeCluster.StartAsync(nodes: 1, persists: false, [("Chat:Connections:PerNodes", "100"), ("Chat:Redis:Prefix", "known:")]);

        await using var edge = await EdgeProcess.StartAsync(
            cluster.Redis.ConnectionString, ("Chat:Redis:Prefix", "known:"), ("Chat:Memory:QuietHeap", "1000000"), ("Edge:Attempt", "1"));

        await Eventually.TrueAsync(() => Lines(cluster.Log()).Any() && Lines(edge.Output).Any());
        Assert.Contains("Chat:Connections:PerNodes is not a known setting", Assert.Single(Lines(cluster.Log())), StringComparison.Ordinal);
        Assert.Contains("Edge:Attempt is not a known setting", Assert.Single(Lines(edge.Output)), StringComparison.Ordinal);

        static IEnumerable<string> Lines(string log) => log.Split('\n').Where(static line => line.Contains("is not a known setting", StringComparison.Ordinal));
    }

    private static string[] WarningsOf(string key)
    {
        var log = new RecordingLogger<UnknownSettingTests>();
        SettingSection[] sections = [new("Chat:Limits", typeof(Limits)), new(RedisPrefix.Key, typeof(string))];
        UnknownSettings.Warn(sections, new ConfigurationBuilder().AddInMemoryCollection([new(key, "1")]).Build(), log);
        return log.Lines;
    }

    private sealed class Limits
    {
        public int? PerNode { get; set; }

        public TimeSpan Age { get; set; }

        public Key[] Keys { get; set; } = [];

        public Dictionary<string, int> Shares { get; set; } = [];

        public int Sum => Keys.Length; // cannot be set
    }

    private sealed class Key
    {
        public string Name { get; set; } = "";
    }
}
