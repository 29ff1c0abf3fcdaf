using Chat.Tests.Auth;
using Chat.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace Chat.Tests.Deploying;

/// <summary>The published programs, each on its own machine on which nothing can be written, with only the environment variables of a deployment.
/// Three nodes, two edges and a Redis with a password form one cluster.</summary>
/// <remarks>Every node has one more network, listed before the common one and with the default gateway. Its first address, which nodes once
/// registered, is one at which no edge can reach it.</remarks>
public sealed class SeparateMachinesTests(ITestOutputHelper output) : IAsyncLifetime
{
    private const int Redis = 2;
    private static readonly int[] Nodes = [11, 12, 13];
    private static readonly int[] Edges = [21, 22];

    private static readonly TimeSpan StartTime = TimeSpan.FromMinutes(2); // for five programs at once; only a failing test waits this long

    private readonly Dictionary<int, ChildProcess> _programs = [];
    private NetworkLab? _lab;

    private NetworkLab Lab => _lab!;

    public Task InitializeAsync() => Task.CompletedTask;

    [NamespaceFact]
    public async Task PublishedPrograms_OnMachinesOfTheirOwn_AreOneCluster()
    {
        var (node, edge) = (await PublishedProgram.OfAsync("Chat.Api"), await PublishedProgram.OfAsync("Edge.Proxy"));
        _lab = await NetworkLab.StartAsync();
        await StartRedisAsync();
        await Task.WhenAll(
            StartAsync(11, node, ByIPv4, ("HTTP_PORTS", "8080"), ("Auth__SecurityKey", TestToken.Key)),
            StartAsync(12, node, ByIPv6, ("HTTP_PORTS", "8080"), ("Auth__SecurityKey", TestToken.Key)),
            StartAsync(13, node, ByIPv6, ("ASPNETCORE_URLS", "http://+:8080"), ("POD_IP", Lab.IPv4(13)), ("Auth__SecurityKey", TestToken.Key)),
            StartAsync(21, edge, ByIPv4, ("HTTP_PORTS", "8080")),
            StartAsync(22, edge, ByIPv6, ("HTTP_PORTS", "8080")));
        await Eventually.TrueAsync(() => Edges.All(machine => _programs[machine].Output.Contains("3 nodes take connections", StringComparison.Ordinal)), StartTime);

        await RegisteredAsync(11, $"http://{Lab.IPv4(11)}:8080, its address on the way to Redis");
        await RegisteredAsync(12, $"http://{(NetworkLab.HasIPv6 ? $"[{Lab.IPv6(12)}]" : Lab.IPv4(12))}:8080, its address on the way to Redis");
        await RegisteredAsync(13, $"http://{Lab.IPv4(13)}:8080, as POD_IP says");
        Assert.Equal(401, (await Assert.ThrowsAsync<RefusedException>(() => ChatClient.ConnectAsync(Edge(21), "/chat/group/lobby/eve"))).Status);

        await using var anna = await ConnectAsync(21, "anna");
        await using var ben = await ConnectElsewhereAsync(22, "ben", anna);
        await anna.SendJsonAsync(new { Msg = "hello", MsgId = "1" });
        Assert.Equal(("1", 1), (await anna.NextFrameAsync("ack") is var ack ? ack.Id : null, ack.Offset));
        Assert.Equal(("anna", "hello", 1), await ben.NextFrameAsync("message") is var message ? (message.From, message.Msg, message.Offset) : default);

        // On the third node, through the other edge: presence is known to all nodes.
        await using var carl = await ConnectElsewhereAsync(21, "carl", anna, ben);
        await UntilPresentAsync(carl, "anna", "ben", "carl");
        Assert.Equal(3, new[] { anna.Node, ben.Node, carl.Node }.Distinct().Count());
    }

    public async Task DisposeAsync()
    {
        foreach (var (machine, program) in _programs.OrderByDescending(one => one.Key)) // users of Redis first
        {
            await program.DisposeAsync();
            output.WriteLine($"machine {machine}\n{program.Output}\n");
        }

        if (_lab is not null)
        {
            await _lab.DisposeAsync();
        }
    }

    private string ByIPv4 => Lab.IPv4(Redis);

    private string ByIPv6 => NetworkLab.HasIPv6 ? Lab.IPv6(Redis) : Lab.IPv4(Redis);

    private Uri Edge(int machine) => new($"http://{(machine == 22 && NetworkLab.HasIPv6 ? $"[{Lab.IPv6(22)}]" : Lab.IPv4(machine))}:8080");

    private async Task StartRedisAsync()
    {
        var command = RedisCommandLine.Of(RedisKind.Redis, 6379, "/", persists: false, ["--bind", "* -::*", "--requirepass", "a password"]);
        var there = await Lab.AddAsync(Redis, "");
        _programs[Redis] = await ChildProcess.StartAsync(there[0], [.. there[1..], .. command], new Dictionary<string, string>());
        await Eventually.TrueAsync(() => _programs[Redis].Output.Contains("Ready to accept connections", StringComparison.Ordinal));
    }

    // env -i: not even HOME is set.
    private async Task StartAsync(int machine, string program, string redis, params (string Name, string Value)[] environment)
    {
        var there = await Lab.AddAsync(machine, $"{redis} redis\n", isDetoured: Nodes.Contains(machine));
        string[] variables = [$"PATH={Environment.GetEnvironmentVariable("PATH")}", $"DOTNET_ROOT={Environment.GetEnvironmentVariable("DOTNET_ROOT")}",
            "ConnectionStrings__redis=redis:6379,password=a password", .. environment.Select(one => $"{one.Name}={one.Value}")];
        var started = await ChildProcess.StartAsync(there[0], [.. there[1..], "env", "-i", .. variables, "dotnet", program], new Dictionary<string, string>());
        lock (_programs)
        {
            _programs[machine] = started;
        }
    }

    // A process's output may arrive later than the effects of its work.
    private Task RegisteredAsync(int machine, string where) =>
        Eventually.TrueAsync(() => _programs[machine].Output.Contains($"is registered at {where}", StringComparison.Ordinal));

    private Task<ChatClient> ConnectAsync(int edge, string user) =>
        ChatClient.ConnectAsync(Edge(edge), $"/chat/group/lobby/{user}?format=json&presence=true", TestToken.For(user));

    private async Task<ChatClient> ConnectElsewhereAsync(int edge, string user, params ChatClient[] others)
    {
        while (true)
        {
            var client = await ConnectAsync(edge, user);
            if (others.All(other => other.Node != client.Node))
            {
                return client;
            }

            await client.DisposeAsync();
        }
    }

    private static async Task UntilPresentAsync(ChatClient client, params string[] users)
    {
        HashSet<string> present = [];
        while (!present.SetEquals(users))
        {
            var frame = await client.NextFrameAsync("presence");
            present.UnionWith((frame.Members ?? []).Select(member => member.User).Concat(frame.Joined ?? []));
            present.ExceptWith(frame.Left ?? []);
        }
    }
}
