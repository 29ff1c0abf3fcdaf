using System.Globalization;
using Chat.Faults.Checking;
using Chat.Faults.Systems;
using Chat.Tests.Support;

namespace Chat.Faults.Scenarios;

internal sealed class SlowConsumer() : Scenario(
    "slow-consumer", "A client does not read, in a group with messages of 32 KB", "its connection is closed; all other clients, those in its group included, notice nothing")
{
    private const int Messages = 500;

    public override bool KeepsConnections => true;

    public override ClusterOptions Cluster => new() { Settings = Unlimited.Sending.ToDictionary(setting => setting.Key, setting => setting.Value) };

    public override async Task BreakAsync(Stage stage)
    {
        const string Group = "/chat/group/large";
        await using var watcher = new PresenceWatch(await stage.Cluster.Edge.ConnectAsync($"{Group}/watcher?format=json&presence=true"));
        await using var slow = await RawWebSocket.ConnectAsync(stage.Cluster.Edge.Address, $"{Group}/slow", receiveBuffer: 64 * 1024);
        await using var member = await stage.Cluster.Edge.ConnectAsync($"{Group}/member?format=json");
        await using var writer = await stage.Cluster.Edge.ConnectAsync($"{Group}/writer?format=json");
        stage.Begin("a client stops reading");
        var (text, longest) = (new string('x', 32_000), TimeSpan.Zero);
        for (var i = 0; i < Messages; i++)
        {
            var sent = Clock.Now;
            await writer.SendJsonAsync(new { Msg = text, MsgId = string.Create(CultureInfo.InvariantCulture, $"{i}") });
            await member.NextFrameAsync("message"); // reads each message at once
            longest = Clock.Now - sent > longest ? Clock.Now - sent : longest;
        }

        await stage.UntilAsync(() => Task.FromResult(watcher.HasLeft("slow")), 30, "the client that does not read is closed");
        stage.End("it is closed");
        stage.Measure(string.Create(CultureInfo.InvariantCulture, $"closed while {Messages * text.Length / 1e6:0} MB were sent; another member of its group got each message within {longest.TotalSeconds:0.0} s"));
        await stage.RunAsync(seconds: 3);
    }
}

internal sealed class HalfOpen() : Scenario(
    "half-open", "A client vanishes, but its connection stays open", "the connection is closed after 35 s of silence and the client leaves; no other client notices anything")
{
    public override bool KeepsConnections => true;

    public override ClusterOptions Cluster => new();

    public override async Task BreakAsync(Stage stage)
    {
        const string Group = "/chat/group/half-open";
        await using var watcher = new PresenceWatch(await stage.Cluster.Edge.ConnectAsync($"{Group}/watcher?format=json&presence=true"));
        await using var vanished = await RawWebSocket.ConnectAsync(stage.Cluster.Edge.Address, $"{Group}/vanished"); // it answers no ping
        stage.Begin("a client vanishes");
        var took = await stage.UntilAsync(() => Task.FromResult(watcher.HasLeft("vanished")), 60, "the vanished client gone");
        stage.End("it has left");
        stage.Measure(string.Create(CultureInfo.InvariantCulture, $"gone after {took.TotalSeconds:0.0} s"));
        await stage.RunAsync(seconds: 3);
    }
}

internal sealed class Trimmed() : Scenario(
    "trimmed", "A client returns with a position that the log no longer has", "the client is told, and gets everything that the log still has")
{
    private const int Kept = 20;

    public override bool KeepsConnections => true;

    public override ClusterOptions Cluster => new()
    {
        Settings = new Dictionary<string, string> { ["Chat:Backplane:Group:Messages"] = $"{Kept}", ["Chat:Backplane:Group:Window"] = "00:00:00" },
    };

    public override async Task BreakAsync(Stage stage)
    {
        const string Path = "/chat/group/trimmed";
        string since;
        await using (var member = await stage.Cluster.Edge.ConnectAsync($"{Path}/member?format=json"))
        {
            since = (await member.NextFrameAsync("subscribed")).Position;
        }

        stage.Begin("a client is away");
        await using var writer = await stage.Cluster.Edge.ConnectAsync($"{Path}/writer?format=json");
        for (var i = 1; i <= 200; i++)
        {
            await writer.SendJsonAsync(new { Msg = "x", MsgId = string.Create(CultureInfo.InvariantCulture, $"{i}") });
            await writer.NextFrameAsync("ack");
            await Task.Delay(25); // within the rate allowed for a connection
        }

        await using var returned = await stage.Cluster.Edge.ConnectAsync($"{Path}/member?format=json&since={since}");
        stage.End("it is back");
        stage.Demand((await returned.NextFrameAsync("subscribed")).Recovered == false, "The client was not told.");
        var got = new List<string>();
        while (got is not [.., "200"])
        {
            got.Add((await returned.NextFrameAsync("message")).Id!);
        }

        var first = 201 - got.Count;
        stage.Demand(got.Count >= Kept && got.SequenceEqual(Enumerable.Range(first, got.Count).Select(i => string.Create(CultureInfo.InvariantCulture, $"{i}"))), "What the log still had did not come whole.");
        stage.Measure(string.Create(CultureInfo.InvariantCulture, $"told, and given the last {got.Count} of 200"));
    }
}
