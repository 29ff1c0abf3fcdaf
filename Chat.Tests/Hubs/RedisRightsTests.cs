using System.Text.RegularExpressions;
using Chat.Tests.Documents;
using Chat.Tests.Edge;
using Chat.Tests.Support;
using Xunit;

namespace Chat.Tests.Hubs;

/// <summary>A user of Redis with no more rights than docs/SETTINGS.md says are needed.</summary>
public sealed partial class RedisRightsTests
{
    [RedisFact]
    public async Task UserWithTheDocumentedRights_IsEnough()
    {
        var user = SetUser().Match(Repository.Read("docs/SETTINGS.md")).Groups;
        await using var redis = await RedisServer.StartAsync();
        redis.Execute([.. $"ACL SETUSER {user["rights"].Value}".Split(' ')]);
        var login = $"{redis.ConnectionString},user={user["name"].Value},password={user["password"].Value}";
        await using var node = await NodeProcess.StartAsync(login, new Dictionary<string, string> { ["Chat:Redis:Prefix"] = user["prefix"].Value });
        await using var edge = await EdgeProcess.StartAsync(login, ("Chat:Redis:Prefix", user["prefix"].Value));

        await using var anna = await HubDotNetClient.ConnectAsync(edge.Address, "anna");
        await using var ben = await HubDotNetClient.ConnectAsync(edge.Address, "ben");
        await anna.JoinAsync("1");
        await ben.JoinAsync("1");
        await anna.NextWhereAsync(next => next.Name == "joined");
        await ben.PostAsync("1", "hi");
        await anna.NextWhereAsync(next => next is { Name: "message", Message: "hi" });
        await ben.TypingAsync("1");
        await anna.NextWhereAsync(next => next.Name == "typing");
        await using var carl = await edge.ConnectAsync("/chat/group/1/carl?format=json&presence=true");
        await ben.LeaveAsync("1");
        await anna.NextWhereAsync(next => next.Name == "lost");
        Assert.DoesNotContain("NOPERM", node.Output, StringComparison.Ordinal);
    }

    [GeneratedRegex("ACL SETUSER (?<rights>(?<name>[a-z]+) on >(?<password>[a-z]+) ~(?<prefix>[a-z0-9]+:).*)")]
    private static partial Regex SetUser();
}
