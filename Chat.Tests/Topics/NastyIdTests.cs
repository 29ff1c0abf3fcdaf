using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Chat.Api.Backplane;
using Chat.Api.Connections;
using Chat.Api.Hubs;
using Chat.Api.Messages;
using Chat.Api.RawEndpoints;
using Chat.Api.Redis.Resp;
using Chat.Api.Redis;
using Chat.Tests.Support;
using Xunit;

namespace Chat.Tests.Topics;

/// <summary>No id breaks out of its place: a key, a channel, an envelope, a frame, a line of the log.</summary>
public sealed class NastyIdTests
{
    private const int Runs = 5_000;

    [Fact]
    public void Id_HasNoLineEnds_NorAnythingElseThatALogWouldTakeForItsOwn() => EachId((id, _) =>
        Assert.DoesNotContain(id, character => char.IsControl(character) || character is '\u2028' or '\u2029' or '\u202E'));

    // Whatever the id contains, the hash tag ends where the topic does, and tells which topic it is.
    [Fact]
    public void Key_OfATopic_IsItsAlone() => EachId((id, other) =>
    {
        var keys = new RedisKeys("p:");
        var group = Topic.Group(id);
        var key = Key(command => keys.Log(command, group.Utf8Name.Span));
        var tag = key["p:{".Length..key.IndexOf('}', StringComparison.Ordinal)];

        Assert.Equal($"p:{{{tag}}}:log", key);
        Assert.Equal("group:" + id, "group:" + KeyText.Decode(Encoding.UTF8.GetBytes(tag["group:".Length..])));
        Assert.Equal(RedisKeys.SlotOf(group.Utf8Name.Span), RedisSlot.Of(Encoding.UTF8.GetBytes(tag)));
        Assert.Equal(id == other, key == Key(command => keys.Log(command, Topic.Group(other).Utf8Name.Span)));
        Assert.NotEqual(key, Key(command => keys.Log(command, Topic.User(id).Utf8Name.Span)));
        Assert.Equal(Encoding.UTF8.GetString(keys.TopicOf(keys.Channel(group))), group.Name);
    });

    // Sharded channels contain the id in braces. No id breaks out of these, into the slot of another topic or another topic's channel.
    [Fact]
    public void ShardedChannel_OfATopic_IsItsAlone_InItsSlot() => EachId((id, other) =>
    {
        var keys = new RedisKeys("p:", PubSubKind.Sharded);
        var group = Topic.Group(id);
        byte[] channel = keys.Channel(group), presence = keys.PresenceChannel(group);

        Assert.Equal(group.Name, Encoding.UTF8.GetString(keys.TopicOf(channel)));
        Assert.Equal("presence:" + group.Name, Encoding.UTF8.GetString(keys.TopicOf(presence)));
        Assert.Equal(Encoding.UTF8.GetString(channel), Key(command => keys.Channel(command, group.Utf8Name.Span)));
        Assert.All([channel, presence], one => Assert.Equal(RedisKeys.SlotOf(group.Utf8Name.Span), RedisKeys.SlotOfChannel(one)));
        Assert.Equal(id == other, channel.AsSpan().SequenceEqual(keys.Channel(Topic.Group(other))));
        Assert.All([keys.Channel(Topic.User(id)), keys.Channel(Topic.All), presence, keys.TickChannel(id.Length.ToString(CultureInfo.InvariantCulture), "1"u8)], one => Assert.NotEqual(channel, one));
    });

    [Fact]
    public void KeyOfTyping_SaysWhichGroupAndWho() => EachId((group, user) =>
    {
        var key = Key(command => new RedisKeys("").Typing(command, Topic.Group(group).Utf8Name.Span, user));
        var parts = key.Split("}:typing:");

        Assert.Equal(2, parts.Length);
        Assert.Equal(
            (group, user),
            (KeyText.Decode(Encoding.UTF8.GetBytes(parts[0]["{group:".Length..])), KeyText.Decode(Encoding.UTF8.GetBytes(parts[1]))));
    });

    // Fields that begin with a colon belong to the scripts, as do names of signals with one more colon.
    [Fact]
    public void Field_OfAGroup_BeginsWithNoColon_AndIsReadBack() => EachId((id, other) =>
    {
        var field = KeyText.Encode(id);

        Assert.DoesNotContain((byte)':', field);
        Assert.Equal(id, KeyText.Decode(field));
        var names = new SignalNames("user:");
        Assert.Equal(id == other, names.Group(id) == names.Group(other));
        Assert.NotEqual(new SignalNames("").Group("user:" + id), names.Group(id));
    });

    [Fact]
    public void Envelope_SaysWhoAndWhereTo_ToUsAndToOthers() => EachId((from, to) =>
    {
        var bytes = EnvelopeOf(from, Topic.Group(to));

        var json = JsonDocument.Parse(bytes).RootElement; // the way a seed node reads it
        Assert.Equal((from, to, from), (json.GetProperty("FromId").GetString(), json.GetProperty("ToId").GetString(), json.GetProperty("Msg").GetString()));
        Assert.True(Envelope.TryParse(bytes, out var envelope));
        Assert.Equal((from, to, from), (JsonText.ToText(envelope.From), JsonText.ToText(envelope.To), JsonText.ToText(envelope.Msg)));
    });

    [Fact]
    public void Frame_OfEachFormat_SaysWhoAndWhere() => EachId((from, id) =>
    {
        foreach (var topic in (Topic[])[Topic.User(id), Topic.Group(id)])
        {
            Assert.True(Envelope.TryParse(EnvelopeOf(from, topic), out var envelope));
            var json = Json(WebSocketFormat.Json.Message(topic, envelope)!);
            Assert.Equal((topic.Name, from, from), (Text(json, "topic"), Text(json, "from"), Text(json, "msg")));
            Assert.Equal(topic.Name, Text(Json(WebSocketFormat.Json.Subscribed(topic, "e", 1, recovered: true)!), "topic"));

            var call = Json(HubFormat.Of("json", isFramed: true).Message(topic, envelope)!).GetProperty("arguments")[0];
            var where = topic.Kind == TopicKind.User ? "to" : "group";
            Assert.Equal((id, from, from), (Text(call, where), Text(call, "nick"), Text(call, "message")));
            Assert.Equal(id, Text(Json(HubFormat.Of("json", isFramed: true).Subscribed(topic, "e", 1, recovered: true)!).GetProperty("arguments")[0], where));

            var text = Payload(WebSocketFormat.Text.Message(topic, envelope)!);
            Assert.Equal(topic.Kind == TopicKind.User ? $"user {from} send:{from}" : $"group 【{id}】 user 【{from}】 send:{from}", text);
        }
    });

    // Runs a test with two ids, which are now and then the same.
    private static void EachId(Action<string, string> test) => Fuzz.Run(Runs, random =>
    {
        if (random.NastyId() is { } id)
        {
            test(id, random.Next(8) == 0 ? id : random.NastyId() ?? "other");
        }
    });

    private static byte[] EnvelopeOf(string from, Topic topic)
    {
        var output = new ArrayBufferWriter<byte>();
        output.Write("{"u8);
        EnvelopeWriter.WriteTail(
            output,
            new Publication { Kind = topic.Kind, Topic = topic.Utf8Name.Span, From = JsonText.Escape(from), Msg = JsonText.Escape(from), Via = 1 },
            "m"u8, "node"u8, 1, null);
        return output.WrittenSpan.ToArray();
    }

    private static string Key(Action<CommandBuffer> write)
    {
        var command = new CommandBuffer();
        write(command);
        var text = Encoding.UTF8.GetString(command.Span); // $12\r\n{group:1}:log\r\n
        return text[(text.IndexOf('\n', StringComparison.Ordinal) + 1)..^2];
    }

    // The payload of a server's frame, behind two bytes and a length of none, two or eight more.
    private static string Payload(Frame frame) =>
        Encoding.UTF8.GetString(frame.Span[(frame.Span[1] switch { 126 => 4, 127 => 10, _ => 2 })..]);

    private static JsonElement Json(Frame frame) => JsonDocument.Parse(Payload(frame).TrimEnd('\u001e')).RootElement;

    private static string? Text(JsonElement json, string name) => json.GetProperty(name).GetString();
}
