using Chat.Client;
using Chat.Faults.Checking;
using Chat.Tests.Auth;
using Library = Chat.Client.ChatClient;

namespace Chat.Faults.Clients;

/// <summary>A client on our own library: in a group, and with messages of its own.</summary>
/// <remarks>
/// <para>It checks the library and the hub as applications see them. It cannot see what the library drops: a message at a position that the client
/// has passed, or in a group that the client is not in. The library counts those, and they count as duplicates here.</para>
/// <para>One fault stays hidden here: a message that stands in the log twice under one id. The library drops it by its id, which is right after a
/// hole. The raw clients and <see cref="HubLoadClient"/> can see that fault, since they see everything that arrives.</para>
/// </remarks>
internal sealed class LibraryLoadClient : ILoadClient
{
    private static readonly string[] DefaultGroups = ["group:first", "group:second"]; // every connection is in these

    private readonly Library _client;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _reading;

    private LibraryLoadClient(Library client, string name, string group)
    {
        _client = client;
        Name = name;
        Topics = ["group:" + group, .. DefaultGroups, "user:" + name];
        client.StateChanged += (_, _) => WasInterrupted = true; // subscribed only once it is connected
        _reading = ReadAsync();
    }

    public string Name { get; }

    public IReadOnlyList<string> Topics { get; }

    public Reception Reception { get; } = new();

    public string Node => _client.State == ChatState.Online ? _client.Node : "";

    public bool WasInterrupted { get; private set; }

    public int Repeated => _client.Unexpected;

    public static async Task<ILoadClient> ConnectAsync(Func<Uri> door, string name, string group, TimeSpan within)
    {
        using var deadline = new CancellationTokenSource(within);
        var client = await Library.ConnectAsync(new ChatClientOptions
            {
                Server = door(),
                Door = door,
                Token = _ => ValueTask.FromResult(TestToken.For(name)),
                LongestDelay = HubLoadClient.LongestPause, // the same for all clients here, since the length of a recovery should not depend on who waits longest
            }, deadline.Token);
        var connected = new LibraryLoadClient(client, name, group);
        await client.JoinAsync(group, cancellationToken: deadline.Token);
        return connected;
    }

    public async Task PublishAsync(SentMessage message)
    {
        while (true)
        {
            try
            {
                var published = await (message.Topic.StartsWith("group:", StringComparison.Ordinal)
                    ? _client.PostAsync(message.Topic["group:".Length..], message.Text, message.Id, _stopping.Token)
                    : _client.SendAsync(message.Topic["user:".Length..], message.Text, message.Id, _stopping.Token));
                message.Acknowledge(new Position(published.Position.Epoch, published.Position.Offset));
                return;
            }
            catch (ChatException exception) when (exception.Code == "timeout" && !_stopping.IsCancellationRequested)
            {
                // The library has tried for a minute, and the outage is longer.
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _client.DisposeAsync();
        await _reading;
    }

    private async Task ReadAsync()
    {
        await foreach (var happened in _client.ReadAllAsync())
        {
            if (happened is ChatMessage { Position: { } at } message)
            {
                Reception.Message(TopicOf(message.Group), message.Text, new Position(at.Epoch, at.Offset));
            }
            else if (happened is ChatSubscribed { Recovered: false } lost)
            {
                Reception.Hole(TopicOf(lost.Group), new Position(lost.Position.Epoch, lost.Position.Offset));
            }
        }
    }

    private string TopicOf(string? group) => group is null ? "user:" + Name : "group:" + group;
}
