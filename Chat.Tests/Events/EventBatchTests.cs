using System.Text;
using System.Text.Json;
using Chat.Api.Events;
using Chat.Api.Messages;
using Chat.Tests.Support;
using Xunit;

namespace Chat.Tests.Events;

public sealed class EventBatchTests
{
    private static readonly byte[] Message = Encoding.UTF8.GetBytes(
        """{"Offset":7,"Epoch":"k2","At":1795310968966,"Id":"m-1","Via":"n-12","FromId":"an\"na","ToId":"42","Msg":"Hi \u00e9\n🧀"}""");

    [Fact]
    public void Message_IsToldAsItWasPublished()
    {
        var told = Told(Topic.Group("42"), Message);

        Assert.Equal(
            ("message.published", 1795310968966, "group:42", "an\"na", "Hi é\n🧀", "m-1", "k2", 7),
            (Text(told, "type"), told.GetProperty("at").GetInt64(), Text(told, "topic"), Text(told, "from"), Text(told, "msg"), Text(told, "msgId"), Text(told, "epoch"), told.GetProperty("offset").GetInt64()));
        Assert.False(told.TryGetProperty("via", out _));
    }

    [Fact]
    public void Deletion_IsToldWithThePlaceAndTheIdOfItsMessage()
    {
        var told = Told(Topic.Group("42"), """{"Offset":9,"Epoch":"k3","At":1795310968966,"Id":"n.5","Kind":"deleted","FromId":"mod","ToId":"42","Msg":"k2:7:m-1"}"""u8.ToArray());

        Assert.Equal(("message.deleted", "mod", "k3", 9), (Text(told, "type"), Text(told, "from"), Text(told, "epoch"), told.GetProperty("offset").GetInt64()));
        var deleted = told.GetProperty("deleted");
        Assert.Equal(("m-1", "k2", 7), (Text(deleted, "msgId"), Text(deleted, "epoch"), deleted.GetProperty("offset").GetInt64()));
        Assert.False(told.TryGetProperty("msg", out _));
    }

    [Theory]
    [InlineData("came", "group:42", "presence.joined", "ben", null)]
    [InlineData("went", "group:42", "presence.left", "ben", null)]
    [InlineData("came", "user:ben", "user.online", "ben", null)]
    [InlineData("went", "user:ben", "user.offline", "ben", null)]
    [InlineData("joined", "user:anna", "group.joined", "anna", "ben")]
    [InlineData("left", "user:anna", "group.left", "anna", "ben")]
    public void Happening_IsToldByItsType(string word, string topic, string type, string user, string? group)
    {
        var told = Told(Topic.Parse(topic)!, Encoding.UTF8.GetBytes($"{word} 1795310968966123 ben"));

        Assert.Equal((type, 1795310968966, topic, user), (Text(told, "type"), told.GetProperty("at").GetInt64(), Text(told, "topic"), Text(told, "user")));
        Assert.Equal(group, told.TryGetProperty("group", out var found) ? found.GetString() : null);
    }

    public static TheoryData<string> Nasty() => [.. NastyIds.Some];

    [Theory]
    [MemberData(nameof(Nasty))]
    public void Names_AreToldAsTheyAre(string id)
    {
        var told = Told(Topic.Group(id), Encoding.UTF8.GetBytes($"came 1795310968966123 {id}"));

        Assert.Equal(("group:" + id, id), (Text(told, "topic"), Text(told, "user")));
    }

    [Fact]
    public void Id_IsTheSameInEveryAttempt_AndNoOtherEvents()
    {
        byte[] other = Encoding.UTF8.GetBytes("came 1795310968966123 ben");

        Assert.Equal(EventBatch.IdOf(Topic.All, Message), EventBatch.IdOf(Topic.All, [.. Message]));
        Assert.Equal(3, new[] { EventBatch.IdOf(Topic.All, Message), EventBatch.IdOf(Topic.All, other), EventBatch.IdOf(Topic.Group("1"), Message) }.Distinct().Count());
        Assert.NotEqual(EventBatch.Of(Topic.All, [Message]).Id, EventBatch.Of(Topic.All, [Message, other]).Id);
        Assert.DoesNotContain('.', EventBatch.Of(Topic.All, [Message]).Id); // a dot would make the signed text ambiguous
    }

    // Anyone with access to Redis can write anything.
    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("""{"Msg":"from nobody"}""")]
    [InlineData("""{"Kind":"deleted","FromId":"mod","Msg":"something"}""")]
    [InlineData("came")]
    [InlineData("came soon anna")]
    [InlineData("came 1795310968966123 ")]
    [InlineData("flew 1795310968966123 anna")]
    public void Event_ThatCannotBeRead_IsLeftOut(string queued)
    {
        var batch = EventBatch.Of(Topic.All, [Encoding.UTF8.GetBytes(queued), Message]);

        Assert.Equal(1, batch.Count);
        Assert.Equal("m-1", Text(JsonDocument.Parse(batch.Body).RootElement.GetProperty("events")[0], "msgId"));
    }

    private static JsonElement Told(Topic topic, byte[] queued) =>
        Assert.Single(JsonDocument.Parse(EventBatch.Of(topic, [queued]).Body).RootElement.GetProperty("events").EnumerateArray());

    private static string Text(JsonElement told, string name) => told.GetProperty(name).GetString()!;
}
