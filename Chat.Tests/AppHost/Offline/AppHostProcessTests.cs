using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.RegularExpressions;
using Chat.Tests.Support;
using Xunit;

namespace Chat.Tests.AppHost.Offline;

public class AppHostProcessTests
{
    private static readonly TimeSpan EndTime = TimeSpan.FromSeconds(10); // a promise, not just a hope
    private static readonly TimeSpan ExplainTime = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task AppHost_WhenKilled_LeavesNothingBehind()
    {
        var redisPort = TestPort.FindFree();
        await using var host = new AppHostProcess("--EdgePort=0", "--Replicas=1", $"--Redis:Port={redisPort}");
        var edge = await host.ReadyAsync();
        using var toEdge = await AppHostProcess.WatchAsync(edge.Host, edge.Port);
        using var toRedis = await AppHostProcess.WatchAsync("127.0.0.1", redisPort);
        using var node = Process.GetProcessById(Assert.Single(await NodesAsync(edge)));

        host.Kill();

        await Task.WhenAll(AppHostProcess.GoneAsync(toEdge), AppHostProcess.GoneAsync(toRedis), node.WaitForExitAsync()).WaitAsync(EndTime);
    }

    [Fact]
    public async Task AppHost_WhenANodeDies_SaysSoAndStillEndsInTime()
    {
        await using var host = new AppHostProcess("--EdgePort=0", "--Replicas=2");
        var edge = await host.ReadyAsync();
        var nodes = await NodesAsync(edge);
        using var other = Process.GetProcessById(nodes[1]);
        using (var victim = Process.GetProcessById(nodes[0]))
        {
            victim.Kill();
        }

        Assert.EndsWith("died (killed). It is not restarted.", await host.LineAsync(" died "), StringComparison.Ordinal);
        host.AskToEnd();

        Assert.Equal(0, await host.ExitAsync(EndTime));
        await other.WaitForExitAsync().WaitAsync(EndTime);
    }

    [Fact]
    public async Task AppHost_WhenItsPortIsTaken_NamesTheSettingInOneLine()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port.ToString(CultureInfo.InvariantCulture);
        await using var host = new AppHostProcess($"--EdgePort={port}");

        Assert.Equal(1, await host.ExitAsync(ExplainTime));
        Assert.StartsWith($"Port {port} is in use: choose another with --EdgePort=", await host.LineAsync("EdgePort"), StringComparison.Ordinal);
        Assert.DoesNotContain('\n', host.Output);
    }

    [Fact]
    public async Task AppHost_WhenRedisIsUnreachable_NamesTheSettingInOneLine()
    {
        await using var host = new AppHostProcess("--EdgePort=0", $"--ConnectionStrings:redis=localhost:{TestPort.FindFree()}");

        Assert.Equal(1, await host.ExitAsync(ExplainTime));
        Assert.Contains("does not answer", await host.LineAsync("ConnectionStrings:redis"), StringComparison.Ordinal);
        Assert.DoesNotContain('\n', host.Output);
    }

    [Fact]
    public async Task Commands_AreHttpCalls_FromThisMachine_AndNotFromAPage()
    {
        await using var host = new AppHostProcess("--EdgePort=0", "--Replicas=2");
        await host.ReadyAsync();
        using var http = new HttpClient { BaseAddress = new Uri(Regex.Match(host.Output, @"^Commands: curl -X POST (\S+/)… with chat-api/drain, edge/load", RegexOptions.Multiline).Groups[1].Value) };

        using var load = await http.PostAsync("edge/load", content: null);
        Assert.EndsWith("Everybody saw all of them, once and in one order.\n", await load.Content.ReadAsStringAsync(), StringComparison.Ordinal);

        using var ofAPage = new HttpRequestMessage(HttpMethod.Post, "edge/load") { Headers = { { "Origin", "https://evil.example" } } };
        using var refused = await http.SendAsync(ofAPage);
        Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);

        using var nothing = await http.PostAsync("edge/nothing", content: null);
        Assert.Equal(HttpStatusCode.Conflict, nothing.StatusCode);
    }

    private static async Task<int[]> NodesAsync(Uri edge)
    {
        using var client = new HttpClient { BaseAddress = edge };
        var nodes = await client.GetFromJsonAsync<JsonElement[]>("/api/nodes");
        return [.. nodes!.Select(node => node.GetProperty("pid").GetInt32())];
    }
}
