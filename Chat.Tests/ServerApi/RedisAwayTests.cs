using System.Net;
using Chat.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace Chat.Tests.ServerApi;

/// <summary>Redis goes away in the middle of calls. Each is answered with 503 and a time to try again, and works again when Redis is back.</summary>
public sealed class RedisAwayTests(ApiNodes nodes, ITestOutputHelper output) : ApiTest(nodes, output)
{
    private static readonly string[] FromMemory = ["nodes", "cluster"];
    private static readonly string[] Changes = ["publish", "publish-many", "messages/delete", "groups/add", "users/disconnect"];

    private static readonly Dictionary<string, string> Bodies = new()
    {
        ["publish"] = """{"topic":"all","msg":"x"}""",
        ["publish-many"] = """{"topics":["all","user:a"],"msg":"x"}""",
        ["messages/delete"] = """{"topic":"all","epoch":"e","offset":1}""",
        ["groups/add"] = """{"user":"a","group":"g"}""",
        ["groups/remove"] = """{"user":"a","group":"g"}""",
        ["users/disconnect"] = """{"user":"a"}""",
        ["users/recheck"] = """{"user":"a"}""",
        ["users/ban"] = """{"user":"a","topic":"group:g","seconds":1}""",
        ["users/mute"] = """{"user":"a","topic":"group:g","seconds":1}""",
        ["users/lift"] = """{"user":"a","kind":"ban"}""",
    };

    [Fact]
    public async Task EveryCall_WithoutRedis_Is503_UntilItIsBack()
    {
        await Nodes.Redis.KillAsync();
        try
        {
            foreach (var call in ApiEndpoints.Calls())
            {
                var (method, path) = ((string)call[0], (string)call[1]);
                var answer = await CallAsync(method, path);
                if (FromMemory.Contains(path))
                {
                    Assert.Equal(HttpStatusCode.OK, answer.Status);
                }
                else
                {
                    answer.IsProblem(503, path.StartsWith("publish", StringComparison.Ordinal) ? "not_published" : "unavailable");
                }
            }

            // The operations page shows what the node that is asked knows by itself. It cannot tell another node to drain.
            var report = (await Api.GetAsync("../../ops/report")).Body;
            Assert.False((bool)report["redis"]!);
            Assert.NotNull(report["nodes"]!.AsArray().Single(node => (string)node!["id"]! == Nodes.Deployed.Id)!["report"]!["failing"]!["redis"]);
            (await Api.PostTextAsync("../../ops/drain?node=" + Nodes.Developed.Id, "")).IsProblem(503, "unavailable");
        }
        finally
        {
            await Nodes.Redis.RestartAsync();
        }

        foreach (var node in new[] { Nodes.Deployed, Nodes.Developed })
        {
            await node.UntilHealthAsync(isHealthy: true, ChatClient.Deadline);
        }

        foreach (var call in ApiEndpoints.Calls())
        {
            Assert.Equal(HttpStatusCode.OK, (await CallAsync((string)call[0], (string)call[1])).Status);
        }
    }

    [Fact]
    public async Task Call_WhoseRedisStops_IsAnsweredAllTheSame()
    {
        Nodes.Redis.Pause();
        try
        {
            var calls = Changes.Select(path => CallAsync("POST", path));
            Assert.All(await Task.WhenAll(calls), answer => Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.Status));
        }
        finally
        {
            Nodes.Redis.Resume();
        }

        foreach (var node in new[] { Nodes.Deployed, Nodes.Developed })
        {
            await node.UntilHealthAsync(isHealthy: true, ChatClient.Deadline);
        }
    }

    private Task<ApiAnswer> CallAsync(string method, string path) => method == "POST"
        ? Api.PostTextAsync(path, Bodies[path])
        : Api.GetAsync(path + Query(path));

    private static string Query(string path) => path switch
    {
        "nodes" or "cluster" or "sanctions" => "",
        "groups" or "users/sanctions" => "?user=a",
        _ => "?topic=all",
    };
}
