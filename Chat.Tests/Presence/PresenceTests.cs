using Chat.Tests.Support;
using Microsoft.AspNetCore.SignalR;
using Xunit;
using Xunit.Abstractions;

namespace Chat.Tests.Presence;

public sealed class PresenceNodes() : NodeClusterFixture(nodes: 3, persists: false, [.. Unlimited.Sending, ("Chat:Presence:LeaveDelay", $"{LeaveDelay}")])
{
    internal static readonly TimeSpan LeaveDelay = TimeSpan.FromSeconds(1);
}

/// <summary>Who is in a group, as raw and hub clients of three nodes see it, whatever happens to the nodes and to Redis.</summary>
public sealed class PresenceTests(PresenceNodes fixture, ITestOutputHelper output) : NodeClusterTest(fixture, output), IClassFixture<PresenceNodes>
{
    private readonly string _group = "g" + Guid.NewGuid().ToString("N")[..12];

    [Fact]
    public async Task Watcher_SeesWhoIsThere_WhoComesAndWhoGoes_OnceForAllDevices()
    {
        await using var ben = await Cluster.ConnectAsync(1, Path("ben"));
        await using var anna = await WatchAsync(0, "anna");
        await UntilAsync(anna, "anna 1, ben 1");

        await using (var second = await Cluster.ConnectAsync(2, Path("ben")))
        {
            await using var carl = await Cluster.ConnectAsync(2, Path("carl"));
            Assert.Equal("+carl", await NextAsync(anna)); // ben's second device causes no news
            await ben.CloseAsync();
            await carl.CloseAsync();
            Assert.Equal("-carl", await NextAsync(anna)); // neither does his first device, which left before
        }

        Assert.Equal("-ben", await NextAsync(anna));
    }

    [Fact]
    public async Task User_WhoReconnectsElsewhere_WasNeverGone()
    {
        // This concerns users who are back before a leave is told. On a machine that takes longer, the attempt proves nothing.
        for (var tries = 1; !await IsBackInTimeAsync($"{_group}-{tries}"); tries++)
        {
            Assert.True(tries < 5, "It took longer than a leave's delay each time.");
        }
    }

    [Fact]
    public async Task NodeKilled_ItsUsersLeave_OnceEach()
    {
        await using var anna = await WatchAsync(0, "anna");
        await using var ben = await Cluster.ConnectAsync(1, Path("ben"));
        await using var benHere = await Cluster.ConnectAsync(0, Path("ben"));
        await using var carl = await Cluster.ConnectAsync(1, Path("carl"));
        await using var dora = await Cluster.ConnectAsync(2, Path("dora"));
        await UntilAsync(anna, "anna", "ben", "carl", "dora");

        var dead = Cluster.Take(1);
        await dead.KillAsync();

        Assert.Equal("-carl", await NextAsync(anna));
        await dora.CloseAsync();
        Assert.Equal("-dora", await NextAsync(anna)); // carl's leave was told by one survivor only, and ben is still here
        await dead.DisposeAsync();
        await Cluster.AddAsync();
    }

    // A node was once swept only if it had called the roll, which it did a heartbeat after its start. Users of a node that died before stayed forever.
    [Fact]
    public async Task NodeKilled_RightAfterItsStart_ItsUsersLeave()
    {
        await using var cluster = await NodeCluster.StartAsync(
            nodes: 1, persists: false, ("Chat:Nodes:Heartbeat", "00:00:01"), ("Chat:Nodes:Lease", "00:00:03"), ("Chat:Presence:BatchTime", "00:00:00.01"));
        await using var anna = await cluster.ConnectAsync(0, $"{Path("anna")}?format=json&presence=true");
        await UntilAsync(anna, "anna");
        await cluster.AddAsync();
        await using var ben = await cluster.ConnectAsync(1, Path("ben"));
        Assert.Equal("+ben", await NextAsync(anna));

        var dead = cluster.Take(1);
        await dead.KillAsync();

        Assert.Equal("-ben", await NextAsync(anna));
        await dead.DisposeAsync();
    }

    [Fact]
    public async Task NodeStopped_ItsUsersLeave_UnlessTheyAreBackElsewhere()
    {
        for (var tries = 1; !await IsBackElsewhereInTimeAsync($"{_group}-{tries}"); tries++)
        {
            Assert.True(tries < 5, "It took longer than a leave's delay each time.");
        }
    }

    [Fact]
    public async Task RedisThatLostEverything_HasEverybodyAgain()
    {
        await using var anna = await WatchAsync(0, "anna");
        await using var ben = await Cluster.ConnectAsync(1, Path("ben"));
        await UntilAsync(anna, "anna", "ben");

        Cluster.Redis.Execute("FLUSHALL");

        await using var carl = await Cluster.ConnectAsync(2, Path("carl"));
        await UntilAsync(anna, "anna", "ben", "carl");
        await using var dora = await WatchAsync(2, "dora");
        await UntilAsync(dora, "anna", "ben", "carl", "dora");
    }

    [Fact]
    public async Task NodeFrozenUntilItCountsAsDead_HasItsUsersAgain()
    {
        await using var anna = await WatchAsync(0, "anna");
        await using var ben = await Cluster.ConnectAsync(1, Path("ben"));
        await UntilAsync(anna, "anna", "ben");
        var frozen = Cluster.Nodes[1];

        frozen.Pause();
        try
        {
            Assert.Equal("-ben", await NextAsync(anna));
        }
        finally
        {
            frozen.Signal(ChildProcess.SigCont);
        }

        Assert.Equal("+ben", await NextAsync(anna));
        await frozen.UntilHealthAsync(isHealthy: true, ChatClient.Deadline);
    }

    [Fact]
    public async Task Channel_ThatWatches_IsToldOfAllAndOfTheGroupsItJoins()
    {
        await using var anna = await Cluster.ConnectAsync(0, $"/chat/channel/{_group}-anna?format=json&presence=true");
        await UntilAsync("all");

        await anna.SendJsonAsync(new { Method = "UserGroup", Group = _group });

        await UntilAsync($"group:{_group}");

        async Task UntilAsync(string topic)
        {
            ChatFrame frame;
            do
            {
                frame = await NextFrameAsync(anna);
            }
            while (frame.Topic != topic || !Users(frame).Contains($"{_group}-anna"));
        }

        static IEnumerable<string> Users(ChatFrame frame) => frame.Members?.Select(member => member.User) ?? frame.Joined!;
    }

    [Theory]
    [InlineData("group/1/anna?presence=true")]
    [InlineData("group/1/anna?presence=true&format=text")]
    [InlineData("group/1/anna?presence=maybe&format=json")]
    [InlineData("user/anna?presence=true&format=json")]
    public async Task Request_ThatCannotBe_IsRefused(string path)
    {
        var refused = await Assert.ThrowsAsync<RefusedException>(() => Cluster.ConnectAsync(0, "/chat/" + path));

        Assert.Equal(400, refused.Status);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task HubClient_ThatAsks_GetsTheList_AndHearsFromThenOn(bool speaksMessagePack)
    {
        await using var anna = await HubDotNetClient.ConnectAsync(
            Cluster.Nodes[0].Address, "anna", HubTransport.WebSockets, new HubClientOptions { SpeaksMessagePack = speaksMessagePack });
        await anna.JoinAsync(_group);
        await using var raw = await WatchAsync(1, "raw");
        await UntilAsync(raw, "anna", "raw");

        var answer = await anna.PresenceAsync(_group);
        Assert.Equal(["anna 1", "raw 1"], answer.Members!.Select(member => $"{member.Nick} {member.Connections}").Order());
        await using (await Cluster.ConnectAsync(2, Path("ben")))
        {
            await anna.NextWhereAsync(next => next is { Name: "presence", Count: 3 });
        }

        Assert.Equal("ben", Assert.Single((await anna.NextWhereAsync(next => next is { Name: "presence", Left.Length: > 0 })).Left!));
        await anna.LeaveAsync(_group);
        await Assert.ThrowsAsync<HubException>(() => anna.PresenceAsync(_group));
    }

    [Fact]
    public async Task HubClient_ThatIsNoMember_IsToldNothing()
    {
        await using var anna = await HubDotNetClient.ConnectAsync(Cluster.Nodes[0].Address, "anna", HubTransport.WebSockets);

        var refused = await Assert.ThrowsAsync<HubException>(() => anna.PresenceAsync(_group));

        Assert.Contains("not_member: ", refused.Message, StringComparison.Ordinal);
    }

    private async Task<bool> IsBackInTimeAsync(string group)
    {
        await using var anna = await Cluster.ConnectAsync(0, $"/chat/group/{group}/anna?format=json&presence=true");
        await UntilAsync(anna, "anna 1");
        await using var ben = await Cluster.ConnectAsync(1, $"/chat/group/{group}/ben");
        Assert.Equal("+ben", await NextAsync(anna));

        var began = TimeProvider.System.GetTimestamp();
        ben.Abort();
        await using var again = await Cluster.ConnectAsync(2, $"/chat/group/{group}/ben");
        await using var carl = await Cluster.ConnectAsync(2, $"/chat/group/{group}/carl");
        List<string> told = [await NextAsync(anna)];
        var isInTime = TimeProvider.System.GetElapsedTime(began) < PresenceNodes.LeaveDelay;
        await carl.CloseAsync();
        while (!told[^1].Contains("-carl", StringComparison.Ordinal))
        {
            told.Add(await NextAsync(anna)); // by then the delay of a leave has passed for ben as well
        }

        if (isInTime)
        {
            Assert.Equal(["+carl", "-carl"], told);
        }

        return isInTime;
    }

    // Returns false if ben was not back within a leave's delay after his node began to stop. That proves nothing.
    private async Task<bool> IsBackElsewhereInTimeAsync(string group)
    {
        await using var anna = await Cluster.ConnectAsync(0, $"/chat/group/{group}/anna?format=json&presence=true");
        await using var ben = await Cluster.ConnectAsync(1, $"/chat/group/{group}/ben");
        await using var carl = await Cluster.ConnectAsync(1, $"/chat/group/{group}/carl");
        await UntilAsync(anna, "anna", "ben", "carl");

        var stopping = Cluster.Take(1);
        var began = TimeProvider.System.GetTimestamp();
        var stopped = stopping.StopAsync(TimeSpan.FromSeconds(25));
        await ben.ClosedAsync();
        await using var again = await Cluster.ConnectAsync(1, $"/chat/group/{group}/ben");
        await using var dora = await Cluster.ConnectAsync(1, $"/chat/group/{group}/dora");
        List<string> told = [];
        while (!told.Contains("+dora"))
        {
            told.Add(await NextAsync(anna)); // by then ben has been reported by the node where he is now
        }

        var isInTime = TimeProvider.System.GetElapsedTime(began) < PresenceNodes.LeaveDelay;
        await stopped;
        await stopping.DisposeAsync();
        await Cluster.AddAsync();
        while (!told.Contains("-carl"))
        {
            told.Add(await NextAsync(anna));
        }

        await again.CloseAsync();
        while (told[^1] != "-ben")
        {
            told.Add(await NextAsync(anna));
        }

        if (isInTime)
        {
            Assert.Equal(["+dora", "-ben", "-carl"], told.Order(StringComparer.Ordinal));
        }

        return isInTime;
    }

    private string Path(string user) => $"/chat/group/{_group}/{user}";

    private Task<ChatClient> WatchAsync(int node, string user) => Cluster.ConnectAsync(node, $"{Path(user)}?format=json&presence=true");

    private static Task<ChatFrame> NextFrameAsync(ChatClient client) => client.NextFrameAsync("presence");

    private static async Task<string> NextAsync(ChatClient client)
    {
        var frame = await NextFrameAsync(client);
        return frame.Members is not null ? "list: " + string.Join(", ", frame.Members.Select(member => member.User))
            : string.Join(' ', frame.Joined!.Select(user => "+" + user).Concat(frame.Left!.Select(user => "-" + user)));
    }

    /// <summary>Takes frames until, by these frames, exactly the given users are present.</summary>
    private static async Task UntilAsync(ChatClient client, params string[] users)
    {
        HashSet<string> wanted = [.. users.SelectMany(text => text.Split(", ")).Select(text => text.Split(' ')[0])];
        HashSet<string> present = [];
        while (!present.SetEquals(wanted))
        {
            var frame = await NextFrameAsync(client);
            present = frame.Members is { } members ? [.. members.Select(member => member.User)] : [.. present.Union(frame.Joined!).Except(frame.Left!)];
            Assert.Equal(frame.Count, present.Count);
        }
    }
}
