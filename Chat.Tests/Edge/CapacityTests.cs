using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using Chat.Tests.Support;
using Edge.Proxy.Capacity;
using Edge.Proxy.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Xunit;
using Xunit.Abstractions;
using Yarp.ReverseProxy.Health;
using Yarp.ReverseProxy.Model;

namespace Chat.Tests.Edge;

/// <summary>An edge with a small limit of open files. With a limit of 20,000, 10,000 connections once made it declare all its nodes unreachable.</summary>
public sealed class CapacityTests(ITestOutputHelper output) : IAsyncLifetime
{
    private const int OpenFiles = 700;

    private static readonly int Limit = global::Chat.Sockets.Clients.OpenFiles.Limit() ?? 1_000_000;

    private readonly List<RawWebSocket> _clients = [];
    private RedisServer? _redis;
    private FakeNode? _node;
    private EdgeProcess? _edge;

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        output.WriteLine(_edge?.Output ?? "");
        foreach (var client in _clients)
        {
            await client.DisposeAsync();
        }

        await (_node?.DisposeAsync() ?? ValueTask.CompletedTask);
        await (_redis?.DisposeAsync() ?? ValueTask.CompletedTask);
    }

    [LinuxFact]
    public async Task Edge_WithFewOpenFiles_SaysAtTheStartWhatItCanCarry_AndRefusesMoreInWords()
    {
        await StartNodeAsync();
        await using var edge = _edge = await EdgeProcess.StartAsync(_redis!.ConnectionString, OpenFiles);
        var allowed = int.Parse(Regex.Match(edge.Output, $"The limit of {OpenFiles} open files .* allows (\\d+) connections").Groups[1].Value, CultureInfo.InvariantCulture);
        Assert.InRange(allowed, 20, OpenFiles / 2);

        for (var i = 0; i < allowed; i++)
        {
            _clients.Add(await RawWebSocket.ConnectAsync(edge.Address, "/chat/user/1"));
        }

        for (var i = 0; i < 20; i++)
        {
            var refused = await RawHttp.SendAsync(edge.Address, "/chat/user/1", RawHttp.Upgrade());
            Assert.Equal(503, RawHttp.Status(refused));
            Assert.Contains("Retry-After: 2", refused, StringComparison.Ordinal);
            Assert.Contains("this edge has as many connections as it can carry", refused, StringComparison.Ordinal);
        }

        const string Full = "This edge carries \\d+ connections, as many as it may";
        await Eventually.TrueAsync(() => Regex.IsMatch(edge.Output, Full)); // the log entry is written a moment after the answer
        Assert.Single(Regex.Matches(edge.Output, Full));
        Assert.DoesNotContain("cannot be reached", edge.Output, StringComparison.Ordinal);
        await _clients[0].DisposeAsync();
        await Eventually.TrueAsync(async () =>
        {
            using var answer = await edge.Http.GetAsync("api/auth/headers");
            return answer.IsSuccessStatusCode;
        });
    }

    [LinuxFact]
    public async Task Edge_WhoseOpenFilesAreUsedUpAllTheSame_BlamesItselfAndNotTheNode()
    {
        await StartNodeAsync();

        // If .NET itself needs a file just then, it ends the process ("Out of memory."), and the test learns nothing about the edge.
        for (var tries = 1; !await WithoutFilesAsync(); tries++)
        {
            Assert.True(tries < 5, "The edge's process ended each time.");
        }
    }

    [Fact]
    public void Probe_ThatFailedForWantOfOpenFiles_SaysNothingAboutTheNode()
    {
        var yarps = new RecordingPolicy();
        using var services = new ServiceCollection().AddSingleton<IActiveHealthCheckPolicy>(yarps)
            .AddSingleton<IActiveHealthCheckPolicy, NodeProbePolicy>().AddSingleton(TimeProvider.System).AddSingleton<IDestinationHealthUpdater, NoUpdater>().AddSingleton<NodeAnswers>().BuildServiceProvider();
        var policy = services.GetServices<IActiveHealthCheckPolicy>().Single(policy => policy.Name == NodePolicies.Probe);

        policy.ProbingCompleted(new ClusterState("nodes"), [Result("spared", SocketError.TooManyOpenSockets), Result("dead", SocketError.ConnectionRefused)]);

        Assert.Equal(["dead"], yarps.Judged);

        static DestinationProbingResult Result(string node, SocketError error) =>
            new(new DestinationState(node), null, new HttpRequestException("", new SocketException((int)error)));
    }

    [Theory]
    [InlineData(SocketError.TooManyOpenSockets, nameof(OwnFault.OpenFiles))]
    [InlineData(SocketError.AddressNotAvailable, nameof(OwnFault.LocalPorts))]
    [InlineData(SocketError.ConnectionRefused, nameof(OwnFault.None))]
    public void Failure_ToConnect_IsTheEdgesOwnWhereNoSocketOrPortIsLeft(SocketError error, string fault) =>
        Assert.Equal(fault, OwnFaults.Of(new HttpRequestException(HttpRequestError.ConnectionError, "", new SocketException((int)error))).ToString());

    private async Task StartNodeAsync()
    {
        _redis = await RedisServer.StartAsync(RedisCommandLine.Usual);
        _node = await FakeNode.StartAsync("node");
        _redis.Execute("ZADD", "{nodes}:leases", "99999999999999", "node");
        _redis.Execute("HSET", "{nodes}:info", "node", $$"""{"id":"node","address":"{{_node.Node.Address}}","state":"ready"}""");
    }

    private async Task<bool> WithoutFilesAsync()
    {
        // No probe comes in between and leaves a reusable connection to the node.
        await using var edge = _edge = await EdgeProcess.StartAsync(_redis!.ConnectionString, ("Edge:HealthInterval", "00:01:00"));
        await using (await RawWebSocket.ConnectAsync(edge.Address, "/chat/user/1"))
        {
            // By now the code for requests to the node is loaded.
        }

        using (await edge.Http.GetAsync("alive"))
        {
            // The client has its connection to the edge; there is no reusable one from the edge to the node yet.
        }

        Assert.True(TryLimitOpenFiles(edge.Pid, 1)); // one file descriptor, which is in use
        try
        {
            using (var answer = await edge.Http.GetAsync("api/auth/headers"))
            {
                Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
                Assert.Contains("this edge has as many connections", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
            }

            if (!TryLimitOpenFiles(edge.Pid, Limit))
            {
                return await HasEndedAsync(edge);
            }

            using (var answer = await edge.Http.GetAsync("api/auth/headers"))
            {
                Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            }
        }
        catch (HttpRequestException)
        {
            return await HasEndedAsync(edge);
        }

        await Eventually.TrueAsync(() => edge.Output.Contains("This edge cannot connect to nodes: the limit of ", StringComparison.Ordinal));
        Assert.DoesNotContain("cannot be reached", edge.Output, StringComparison.Ordinal);
        return true;
    }

    // Waits for the end of the process, which may come before or after its answer, and only for this reason.
    private static async Task<bool> HasEndedAsync(EdgeProcess edge)
    {
        await Eventually.TrueAsync(() => edge.Output.Contains("Out of memory.", StringComparison.Ordinal));
        return false;
    }

    private static bool TryLimitOpenFiles(int process, int files)
    {
        var limit = new ResourceLimit { Soft = (nuint)files, Hard = (nuint)Limit }; // the child has the same hard limit as this process
        return SetLimit(process, 7, limit, 0) == 0;
    }

    [DllImport("libc", EntryPoint = "prlimit", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int SetLimit(int process, int resource, in ResourceLimit limit, nint before);

    private struct ResourceLimit
    {
        public nuint Soft;
        public nuint Hard;
    }
}
