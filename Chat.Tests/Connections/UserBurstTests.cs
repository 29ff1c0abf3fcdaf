using System.Text;
using Chat.Api.Connections;
using Chat.Api.Hubs;
using Chat.Api.Messages;
using Chat.Api.RawEndpoints;
using Chat.Tests.Support;
using Xunit;

namespace Chat.Tests.Connections;

/// <summary>Ninety messages of one user, each within every limit, once closed members as too slow although they read five megabytes a second.</summary>
public sealed class UserBurstTests
{
    public static TheoryData<string> Formats => ["json", "text", "hub"];

    [Theory]
    [MemberData(nameof(Formats))]
    public void Outbox_OfAMemberThatReadsNothingYet_HoldsAllThatAUserMaySendAtOnce(string format)
    {
        var options = new ConnectionOptions();
        var outbox = new Outbox(new FakeSender(room: 0), checked((int)options.UserBurstCost), new ConnectionMetrics(NoMeters.Instance));
        var text = new string('x', options.UserByteBurst / options.UserMessageBurst);

        for (var i = 0; i < options.UserMessageBurst; i++)
        {
            Assert.True(outbox.TryEnqueue(Message(format, text)));
        }
    }

    // With everything around the text at its greatest length.
    private static Frame Message(string format, string text)
    {
        var id = Encoding.ASCII.GetBytes(new string('i', ChatId.MaxBytes));
        var envelope = new Envelope
        {
            Offset = long.MaxValue,
            Epoch = "zzzzzzzzzzzzzzzzzzzz"u8,
            At = 9_999_999_999_999,
            Id = id.AsSpan(0, 64),
            Via = "nodenode-1"u8,
            From = id,
            Msg = Encoding.ASCII.GetBytes(text),
        };
        var topic = Topic.Group(Encoding.ASCII.GetString(id));
        return (format switch
        {
            "json" => WebSocketFormat.Json.Message(topic, envelope),
            "text" => WebSocketFormat.Text.Message(topic, envelope),
            _ => HubFormat.Of("json", isFramed: true).Message(topic, envelope),
        })!;
    }
}
