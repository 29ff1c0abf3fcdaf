using Chat.Faults.Checking;
using Chat.Tests.Support;

namespace Chat.Faults.Clients;

/// <summary>A client of the raw endpoints: in a group, or on its own topic, from which it writes to other users.</summary>
internal sealed class RawLoadClient : ILoadClient
{
    private readonly ResumingClient _client;
    private readonly string _topic;

    private RawLoadClient(Func<Uri> door, string name, string topic)
    {
        Name = name;
        _topic = topic;
        Topics = [topic];
        var path = topic.StartsWith("group:", StringComparison.Ordinal) ? $"/chat/group/{topic["group:".Length..]}/{name}" : $"/chat/user/{name}";
        _client = new ResumingClient(door, path, Hear);
    }

    public string Name { get; }

    public IReadOnlyList<string> Topics { get; }

    public Reception Reception { get; } = new();

    public string Node => _client.Node;

    public bool WasInterrupted => _client.Resumes > 0 || !_client.Closings.IsEmpty;

    public int Repeated => 0; // it keeps everything that arrives

    public static async Task<ILoadClient> ConnectAsync(Func<Uri> door, string name, string topic, TimeSpan within)
    {
        var client = new RawLoadClient(door, name, topic);
        await client._client.Subscribed.WaitAsync(within);
        return client;
    }

    public async Task PublishAsync(SentMessage message)
    {
        var isInTurn = true;
        var ack = await _client.PublishAsync(
            message.Id, message.Text, message.Topic == _topic ? null : message.Topic["user:".Length..], outOfTurn: () => isInTurn = false);
        message.Acknowledge(new Position(ack.Epoch!, ack.Offset), isInTurn);
    }

    public ValueTask DisposeAsync() => _client.DisposeAsync();

    private void Hear(ChatFrame frame)
    {
        if (frame.Type == "message")
        {
            Reception.Message(frame.Topic!, frame.Msg!, new Position(frame.Epoch!, frame.Offset));
        }
        else if (frame is { Type: "subscribed", Recovered: false })
        {
            Reception.Hole(frame.Topic!, new Position(frame.Epoch!, frame.Offset));
        }
    }
}
