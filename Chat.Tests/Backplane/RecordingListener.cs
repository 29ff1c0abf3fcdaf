using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Json;
using System.Threading.Channels;
using Chat.Api.Backplane;
using Chat.Api.Messages;

namespace Chat.Tests.Backplane;

/// <summary>Keeps everything that a node receives, for a test to await.</summary>
internal sealed class RecordingListener : IBackplaneListener
{
    private readonly Channel<Heard> _heard = Channel.CreateUnbounded<Heard>();
    private readonly Channel<(string Id, string Node)> _confirmed = Channel.CreateUnbounded<(string Id, string Node)>();
    private readonly Channel<string> _broken = Channel.CreateUnbounded<string>();
    private readonly Channel<string> _heads = Channel.CreateUnbounded<string>();
    private readonly Channel<string> _restoredTopics = Channel.CreateUnbounded<string>();
    private readonly Channel<bool> _restored = Channel.CreateUnbounded<bool>();

    public IEnumerable<Topic> Held { get; set; } = [];

    public void OnEnvelope(ReadOnlySpan<byte> topic, ReadOnlySpan<byte> envelope) =>
        _heard.Writer.TryWrite(Heard.Parse(Encoding.UTF8.GetString(topic), envelope.ToArray()));

    public void OnRemoval(ReadOnlySpan<byte> envelope) =>
        _heard.Writer.TryWrite(Heard.Parse("removals", envelope.ToArray()));

    public void OnHead(ReadOnlySpan<byte> topic, ReadOnlySpan<byte> epoch, long offset) =>
        _heads.Writer.TryWrite($"{Encoding.UTF8.GetString(topic)} {Encoding.UTF8.GetString(epoch)}:{offset}");

    public void OnJoined(GroupJoin join)
    {
        // Only for memberships, which these tests do not cover.
    }

    public void OnLifeBroken(string life) => _broken.Writer.TryWrite(life);

    /// <summary>The next life of Redis that turned out to have lost something.</summary>
    public Task<string> NextBrokenAsync() => _broken.Reader.ReadAsync().AsTask().WaitAsync(BackplaneNode.Deadline);

    public bool HeardOfABrokenLife => _broken.Reader.TryPeek(out _);

    public void OnRemovalConfirmed(string id, string node) =>
        _confirmed.Writer.TryWrite((id, node));

    public void OnRestored() => _restored.Writer.TryWrite(true);

    public void OnRestored(ReadOnlySpan<byte> topic) => _restoredTopics.Writer.TryWrite(Encoding.UTF8.GetString(topic));

    /// <summary>The next topic that is received again.</summary>
    public Task<string> NextRestoredAsync() => _restoredTopics.Reader.ReadAsync().AsTask().WaitAsync(BackplaneNode.Deadline);

    public void OnRoundEnd()
    {
        // Nothing is deferred.
    }

    public void OnBatchEnd()
    {
        // As above.
    }

    public Task<(string Id, string Node)> NextConfirmationAsync() => _confirmed.Reader.ReadAsync().AsTask().WaitAsync(BackplaneNode.Deadline);

    /// <summary>The next head told, of any topic: <c>group:1 e1:4</c>.</summary>
    public Task<string> NextHeadAsync() => _heads.Reader.ReadAsync().AsTask().WaitAsync(BackplaneNode.Deadline);

    public async Task<Heard> NextAsync() => await _heard.Reader.ReadAsync().AsTask().WaitAsync(BackplaneNode.Deadline);

    public bool TryNext([NotNullWhen(true)] out Heard? heard) => _heard.Reader.TryRead(out heard);

    public async Task<Heard[]> NextAsync(int count)
    {
        var heard = new Heard[count];
        for (var i = 0; i < count; i++)
        {
            heard[i] = await NextAsync();
        }

        return heard;
    }

    /// <summary>Returns when subscriptions have been restored once more since it last returned.</summary>
    public Task RestoredAsync() => _restored.Reader.ReadAsync().AsTask().WaitAsync(BackplaneNode.Deadline);
}

/// <summary>An envelope as it arrived over a channel or was read from a log.</summary>
internal sealed record Heard(string Topic, string Epoch, long Offset, string Id, string From, string Msg, string Kind)
{
    public static Heard Parse(string topic, byte[] envelope)
    {
        var json = JsonDocument.Parse(envelope).RootElement;
        return new Heard(topic, Text(json, "Epoch"), json.TryGetProperty(nameof(Offset), out var offset) ? offset.GetInt64() : 0,
            Text(json, "Id"), Text(json, "FromId"), Text(json, "Msg"), Text(json, "Kind"));
    }

    private static string Text(JsonElement json, string name) => json.TryGetProperty(name, out var value) ? value.GetString()! : "";
}
