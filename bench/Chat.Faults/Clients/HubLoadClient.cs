using Chat.Faults.Checking;
using Chat.Tests.Auth;
using Chat.Tests.Support;

namespace Chat.Faults.Clients;

/// <summary>A client of the SignalR hub, on Microsoft's .NET client with MessagePack: in a group, and with messages of its own.</summary>
/// <remarks>It sees everything that arrives, unlike <see cref="LibraryLoadClient"/>.</remarks>
internal sealed class HubLoadClient : ILoadClient
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(0.5);
    public static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(10);

    private static readonly string[] DefaultGroups = ["group:first", "group:second"]; // every connection is in these

    private readonly HubDotNetClient _client;
    private readonly CancellationTokenSource _stopping = new();

    private HubLoadClient(HubDotNetClient client, string group)
    {
        _client = client;
        Topics = ["group:" + group, .. DefaultGroups, "user:" + client.Nick];
        client.Heard = Hear;
    }

    public string Name => _client.Nick;

    public IReadOnlyList<string> Topics { get; }

    public Reception Reception { get; } = new();

    public string Node => _client.Node;

    public bool WasInterrupted => _client.Reconnections > 0 || _client.Ended.IsCompleted;

    public int Repeated => _client.Repeated;

    public static async Task<ILoadClient> ConnectAsync(Func<Uri> door, string name, string group, TimeSpan within)
    {
        var began = Clock.Now;
        while (true)
        {
            try
            {
                return await ConnectOnceAsync(door, name, group, within);
            }
            catch (Exception) when (Clock.Now - began < within / 2)
            {
                await Task.Delay(Pause); // turned away: it tries again, like any client
            }
        }
    }

    public async Task PublishAsync(SentMessage message)
    {
        for (var failures = 0; ; failures++)
        {
            try
            {
                var answer = message.Topic.StartsWith("group:", StringComparison.Ordinal)
                    ? await _client.PostAsync(message.Topic["group:".Length..], message.Text, message.Id)
                    : await _client.SendAsync(message.Topic["user:".Length..], message.Text, message.Id);
                message.Acknowledge(new Position(answer.Epoch, answer.Offset));
                return;
            }
            catch (Exception) when (!_stopping.IsCancellationRequested)
            {
                // The connection is gone, or the hub said to try again. The client tries again after the pause asked of clients, with the same id.
                var longest = Math.Min(LongestPause.TotalSeconds, Pause.TotalSeconds * Math.Pow(2, failures));
                await Task.Delay(TimeSpan.FromSeconds(Random.Shared.NextDouble() * longest), _stopping.Token);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _client.DisposeAsync();
    }

    private static async Task<ILoadClient> ConnectOnceAsync(Func<Uri> door, string name, string group, TimeSpan within)
    {
        var options = new HubClientOptions
        {
            Token = () => TestToken.For(name),
            Reconnects = true,
            Resumes = true,
            SpeaksMessagePack = true,
            Query = "positions=true",
        };
        var client = new HubLoadClient(await HubDotNetClient.ConnectAsync(door, name, HubTransport.WebSockets, options).WaitAsync(within), group);
        var own = await client._client.NextWhereAsync(next => next is { Name: "subscribed", To: not null });
        client._client.Remember("", own.Epoch!, own.Offset);
        var joined = await client._client.JoinAsync(group);
        client._client.Remember(group, joined.Epoch, joined.Offset);
        return client;
    }

    private void Hear(HubEvent next)
    {
        var topic = next.Group is { } group ? "group:" + group : "user:" + next.To;
        if (next.Name is "message" or "direct")
        {
            Reception.Message(topic, next.Message!, new Position(next.Epoch!, next.Offset));
        }
        else if (next is { Name: "subscribed", Recovered: false })
        {
            Reception.Hole(topic, new Position(next.Epoch!, next.Offset));
        }
    }
}
