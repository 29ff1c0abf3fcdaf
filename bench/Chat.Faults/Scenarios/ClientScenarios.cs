using System.Globalization;
using Chat.Faults.Checking;
using Chat.Faults.Systems;
using Chat.Tests.Support;

namespace Chat.Faults.Scenarios;

internal sealed class SlowConsumer() : Scenario(
    "slow-consumer", "A client does not read, in a group with 32 KB messages", "it is closed; the others, in its group too, notice nothing")
{
    private const int MostMessages = 2000;

    public override bool KeepsConnections => true;

    public override ClusterOptions Cluster => new() { Settings = Unlimited.Sending.ToDictionary(setting => setting.Key, setting => setting.Value) };

    public override async Task BreakAsync(Stage stage)
    {
        const string Group = "/chat/group/large";
        var edge = stage.Cluster.Edge;
        await using var watcher = await edge.ConnectAsync($"{Group}/watcher?format=json&presence=true");
        await using var slow = await RawWebSocket.ConnectAsync(edge.Address, $"{Group}/slow", receiveBuffer: 64 * 1024);
        await using var writer = await edge.ConnectAsync($"{Group}/writer?format=json");
        stage.Begin("a client stops reading");
        var (sent, came, isGone) = (0, 0, false);
        var text = new string('x', 32_000);
        while (!isGone && sent < MostMessages)
        {
            await writer.SendJsonAsync(new { Msg = text, MsgId = string.Create(CultureInfo.InvariantCulture, $"{sent++}") });
            while (came < sent && !isGone)
            {
                var frame = await watcher.NextFrameAsync();
                came += frame.Type == "message" ? 1 : 0;
                isGone = frame is { Type: "presence", Left: { } left } && left.Contains("slow");
            }
        }

        stage.End("it is closed");
        stage.Demand(isGone, "The client that does not read was never closed.");
        stage.Measure(string.Create(CultureInfo.InvariantCulture, $"closed after {sent * 32 / 1000.0:0.0} MB"));
        await stage.RunAsync(seconds: 3);
    }
}

internal sealed class HalfOpen() : Scenario(
    "half-open", "A client vanishes, and its connection stays", "it is closed after 35 s of silence and leaves; nobody else notices anything")
{
    public override bool KeepsConnections => true;

    public override ClusterOptions Cluster => new();

    public override async Task BreakAsync(Stage stage)
    {
        const string Group = "/chat/group/half-open";
        await using var watcher = await stage.Cluster.Edge.ConnectAsync($"{Group}/watcher?format=json&presence=true");
        await using var vanished = await RawWebSocket.ConnectAsync(stage.Cluster.Edge.Address, $"{Group}/vanished"); // it answers no ping
        stage.Begin("a client vanishes");
        var began = Clock.Now;
        var hasLeft = Task.Run(async () =>
        {
            while (await watcher.NextOrEndAsync(CancellationToken.None) is var text && ChatFrame.Parse(text) is not { Type: "presence", Left: ["vanished"] })
            {
                // Not yet.
            }
        });
        await stage.UntilAsync(() => Task.FromResult(hasLeft.IsCompleted), 60, "the vanished client gone");
        stage.End("it has left");
        stage.Measure(string.Create(CultureInfo.InvariantCulture, $"gone after {(Clock.Now - began).TotalSeconds:0.0} s"));
        await stage.RunAsync(seconds: 3);
    }
}

internal sealed class Trimmed() : Scenario(
    "trimmed", "A client returns to a position that its log no longer has", "it is told, and gets all that the log still has")
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
            await Task.Delay(25); // within what a connection may send
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
