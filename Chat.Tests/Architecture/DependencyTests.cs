using System.Reflection;
using NetArchTest.Rules;
using Xunit;

namespace Chat.Tests.Architecture;

/// <summary>A folder is a namespace, and dependencies point one way: each namespace may use those listed behind it, all of which stand above it.</summary>
public sealed class DependencyTests
{
    private static readonly Layers Node = new(typeof(Chat.Api.ChatServer).Assembly, "Chat.Api",
    [
        ("Messages", []),
        ("Nodes", []),
        ("Auth", ["Messages"]),
        ("Webhooks", []),
        ("Backplane", ["Messages"]),
        ("Connections", ["Messages", "Nodes", "Auth"]),
        ("WebSockets", ["Connections"]),
        ("Redis", ["Messages", "Nodes", "Backplane"]),
        ("Orders", ["Nodes", "Backplane", "Redis"]),
        ("Topics", ["Messages", "Nodes", "Backplane", "Connections"]),
        ("Admissions", ["Messages", "Nodes", "Auth", "Backplane", "Connections", "Redis"]),
        ("Memberships", ["Messages", "Nodes", "Backplane", "Connections", "Redis", "Orders", "Topics"]),
        ("Presence", ["Messages", "Nodes", "Backplane", "Connections", "Redis", "Topics"]),
        ("Access", ["Messages", "Nodes", "Auth", "Webhooks", "Backplane", "Connections", "Redis", "Topics"]),
        ("Events", ["Messages", "Nodes", "Webhooks", "Backplane", "Redis", "Presence"]),
        ("RawEndpoints", ["Messages", "Nodes", "Auth", "Backplane", "Connections", "WebSockets", "Topics", "Admissions", "Memberships", "Presence", "Access"]),
        ("Hubs", ["Messages", "Nodes", "Auth", "Backplane", "Connections", "WebSockets", "Redis", "Orders", "Topics", "Admissions", "Memberships", "Presence", "Access"]),
        ("ServerApi", ["Messages", "Nodes", "Auth", "Backplane", "Connections", "Orders", "Topics", "Memberships", "Presence", "Access"]),
        ("Operations", ["Messages", "Nodes", "Auth", "Backplane", "Connections", "Orders", "Topics"]),
    ]);

    private static readonly Layers Edge = new(typeof(global::Edge.Proxy.EdgeOptions).Assembly, "Edge.Proxy",
    [
        ("Requests", []),
        ("Nodes", []),
        ("Relay", ["Requests"]),
        ("Origins", ["Requests"]),
        ("Arrivals", ["Requests"]),
        ("Capacity", ["Requests", "Nodes", "Relay"]),
        ("Stopping", ["Requests", "Nodes", "Capacity"]),
        ("Affinity", ["Requests", "Nodes"]),
        ("Failover", ["Requests", "Nodes", "Relay", "Capacity", "Affinity"]),
        ("Routing", ["Requests", "Nodes", "Relay", "Affinity", "Failover"]),
    ]);

    private static readonly Layers Sockets = new(typeof(Chat.Sockets.Loops.SocketLoop).Assembly, "Chat.Sockets",
    [
        ("Loops", []),
        ("Answers", []),
        ("Server", ["Loops"]),
        ("Clients", ["Server"]),
    ]);

    private static readonly Layers[] All = [Node, Edge, Sockets];

    public static TheoryData<string> Folders() => [.. All.SelectMany(layers => layers.Names)];

    [Theory]
    [MemberData(nameof(Folders))]
    public void Folder_UsesNothingButWhatItMay(string folder)
    {
        var layers = All.Single(one => folder.StartsWith(one.Root + ".", StringComparison.Ordinal));
        Assert.Empty(layers.OffendersOf(folder));
    }

    [Fact]
    public void Folders_AreAllNamed_AndUseOnlyThoseAbove()
    {
        foreach (var layers in All)
        {
            Assert.Equal(layers.InAssembly(), layers.Names.Order(StringComparer.Ordinal));
            Assert.Empty(layers.ArrowsDown());
        }
    }

    // Makes sure that the rule does not let everything through.
    [Fact]
    public void Dependency_ThatIsNotAllowed_IsFound()
    {
        var strict = new Layers(Node.Assembly, Node.Root, [("Messages", []), ("Topics", ["Messages"]), ("Connections", [])]);

        Assert.Contains("Chat.Api.Topics.LocalTopic", strict.OffendersOf("Chat.Api.Topics"));
    }

    private sealed record Layers(Assembly Assembly, string Root, (string Name, string[] Uses)[] Folders)
    {
        public IEnumerable<string> Names => Folders.Select(folder => $"{Root}.{folder.Name}");

        public string[] OffendersOf(string folder)
        {
            var uses = Folders.Single(one => $"{Root}.{one.Name}" == folder).Uses;
            var barred = Names.Where(name => name != folder && !uses.Contains(name[(Root.Length + 1)..])).ToArray();
            var result = Types.InAssembly(Assembly).That().ResideInNamespaceStartingWith(folder).ShouldNot().HaveDependencyOnAny(barred).GetResult();
            return [.. result.FailingTypeNames ?? []];
        }

        public IEnumerable<string> InAssembly() => Assembly.GetTypes()
            .Select(type => type.Namespace)
            .Where(name => name?.StartsWith(Root + ".", StringComparison.Ordinal) == true)
            .Select(name => $"{Root}.{name![(Root.Length + 1)..].Split('.')[0]}")
            .Distinct().Order(StringComparer.Ordinal);

        public IEnumerable<string> ArrowsDown() => Folders.Index()
            .SelectMany(folder => folder.Item.Uses.Except(Folders[..folder.Index].Select(above => above.Name)).Select(below => $"{folder.Item.Name} -> {below}"));
    }
}
