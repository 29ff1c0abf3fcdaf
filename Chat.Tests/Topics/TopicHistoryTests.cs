using Chat.Api.Backplane;
using Chat.Api.Messages;
using Chat.Api.Topics;
using Chat.Tests.Backplane;
using Microsoft.Extensions.Options;
using Xunit;

namespace Chat.Tests.Topics;

public sealed class TopicHistoryTests
{
    private readonly Topic _name = Topic.Group("1");
    private readonly MemoryBackplane _backplane = new();
    private readonly BackplaneOptions _options = new();

    [Theory]
    [InlineData(null, "b c d", true)]
    [InlineData("e2:1", "b c", true)]
    [InlineData("e1:1", "b c", true)]
    [InlineData("e1:5", "d", false)] // the messages after its third one are lost with Redis
    [InlineData("x:1", "b c d", false)]
    public async Task History_IsThatAfterAPosition_OrTheLatest(string? since, string expected, bool isWhole)
    {
        Say("a", "b", "c", "lost", "too");
        _backplane.Redis.BeginLife(_name, "L2", lost: 2);
        Say("d");

        Assert.Equal((expected, isWhole), await ReadAsync(since, since is "e2:1" or "e1:1" ? 2 : 3));
    }

    // Something is missing somewhere, but the existing messages can be read page by page.
    [Fact]
    public async Task History_BeforeAHole_GoesOnFromWhereItWasAskedFor()
    {
        Say("a", "b", "c");
        _backplane.Redis.BeginLife(_name, "L2");
        Say("d");
        _backplane.Redis.Broken.TryAdd("L2");

        Assert.Equal(("b c", false), await ReadAsync("e1:1", 2));
        Assert.Equal(("d", false), await ReadAsync("e2:3", 2));
        Assert.Equal(("d", true), await ReadAsync("e3:3", 2));
    }

    // If many users had left since the last messages, the latest messages were once none.
    [Theory]
    [InlineData(null, 1, "b")]
    [InlineData(null, 2, "a b")]
    [InlineData("x:1", 3, "a b")]
    public async Task History_ReadsPastThoseWhoLeft(string? since, int most, string expected)
    {
        Say("a", "b");
        Leave(2000);

        Assert.Equal((expected, since is null), await ReadAsync(since, most));
    }

    // A user with groups that thousands leave at once can have more removals read past than usual, and each question costs accordingly.
    [Theory]
    [InlineData(100, "")]
    [InlineData(5000, "a b")]
    public async Task History_ReadsPastSoManyWhoLeft_AsThereMayBe(int mostRemovals, string expected)
    {
        Say("a", "b");
        Leave(3000);
        _options.Group.MostRemovals = mostRemovals;

        Assert.Equal((expected, true), await ReadAsync(since: null, most: 2));
    }

    // A client that pages through a log stops at a page without anything. Once, where as many users had left as a page has messages, it missed what follows.
    [Fact]
    public async Task History_FromAPositionOn_ReadsPastThoseWhoLeft()
    {
        Say("a");
        Leave(100);
        Say("b");

        Assert.Equal(("b", true), await ReadAsync("e1:1", 10));
    }

    [Fact]
    public async Task History_FromAPositionOn_ReadsPastWhatIsDeleted_AndNamesIt()
    {
        Say([.. Enumerable.Range(1, 200).Select(i => $"{i}")]);
        for (var offset = 1; offset <= 100; offset++)
        {
            _backplane.Delete(_name, "e1", offset);
        }

        Assert.Equal(("101 102", true), await ReadAsync("e1:0", 2));
        Assert.Equal(("199 200", true), await ReadAsync(null, 2));
        var (piece, _) = await new TopicHistory(_backplane, Options.Create(_options)).ReadAsync(_name, new LogPosition("e1", 200), 10, room: 100_000);
        Assert.Equal(Enumerable.Range(1, 100).Select(offset => $"mod e1:{200 + offset} e1:{offset} m-{offset}"), piece.Deletions.Select(one => $"{one.From} {one.Epoch}:{one.Offset} {one.Deleted.Epoch}:{one.Deleted.Offset} {one.Deleted.Id}"));
    }

    // Only what is in a page takes room. Once those who had left did, too, and a page of them alone was empty.
    [Fact]
    public async Task History_FromAPositionOn_HasRoom_HoweverManyHaveLeft()
    {
        Say("a");
        Leave(3000);
        Say("b");

        var (piece, _) = await new TopicHistory(_backplane, Options.Create(_options)).ReadAsync(_name, new LogPosition("e1", 1), 10, room: 1000);

        Assert.Equal("b", Assert.Single(piece.Messages).Msg);
    }

    [Fact]
    public async Task History_OfTheLatest_HasRoomForMessages_HoweverManyAreDeleted()
    {
        const int Room = 20_000;
        Say([.. Enumerable.Range(1, 1010).Select(i => $"{i}")]);
        for (var offset = 1; offset <= 1000; offset++)
        {
            _backplane.Delete(_name, "e1", offset);
        }

        var history = new TopicHistory(_backplane, Options.Create(_options));
        var (latest, _) = await history.ReadAsync(_name, null, 10, Room);
        Assert.Equal(Enumerable.Range(1001, 10).Select(i => $"{i}"), latest.Messages.Select(message => message.Msg));
        Assert.InRange(latest.Deletions.Count, 10, Room / 4 / 40);

        // Whoever has something of the log is told of a hole instead.
        var missed = await history.ReadLatestAsync(_name, new LogPosition("e1", 2010), since: 1005, 300, Room);
        Assert.False(missed.StartsAt(1005));
        Assert.InRange(missed.Deletions.Count, 10, Room / 4 / 40);
    }

    private void Leave(int times)
    {
        for (var generation = 1; generation <= times; generation++)
        {
            _backplane.Remove(_name, "carl", generation);
        }
    }

    private void Say(params string[] messages)
    {
        foreach (var msg in messages)
        {
            _backplane.Say(_name, msg);
        }
    }

    private async Task<(string Messages, bool IsWhole)> ReadAsync(string? since, int most)
    {
        LogPosition? position = since is not null && LogPosition.TryParse(since, out var parsed) ? parsed : null;
        var (piece, isWhole) = await new TopicHistory(_backplane, Options.Create(_options)).ReadAsync(_name, position, most, room: 100_000);
        return (string.Join(' ', piece.Messages.Select(message => message.Msg)), isWhole);
    }
}
