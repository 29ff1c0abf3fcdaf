using Chat.Api.Messages;
using Chat.Api.Presence;
using Chat.Tests.Support;
using Chat.Tests.Topics;
using Xunit;

namespace Chat.Tests.Presence;

public sealed class PresenceWatchTests
{
    private readonly PresenceWatch _watch = new(Topic.Group("1"), new PresenceMetrics(NoMeters.Instance));
    private readonly RecordingConnection _anna = new(1);
    private readonly RecordingConnection _ben = new(2);

    [Fact]
    public void Watcher_GetsAList_AndThenWhatChanges()
    {
        _watch.TryAdd(_anna);
        Assert.True(_watch.NeedsList);

        _watch.OnList(List(7, "anna"), _watch.Ask());
        _watch.OnNews(News(8, joined: "ben"));
        _watch.OnNews(News(9, left: "ben"));

        Assert.False(_watch.NeedsList);
        Assert.Equal(["7: anna 1", "8: +ben", "9: -ben"], _anna.Seen);
    }

    // When the list was read, the record was empty again and so had no version. Earlier comings and goings were once told after the list all the
    // same, and the next news, in a record with its own version, followed neither.
    [Fact]
    public void News_FromBeforeTheListOfAnEmptyRecord_IsInIt()
    {
        _watch.TryAdd(_anna);
        _watch.OnNews(News(8, joined: "ben"));
        _watch.OnNews(News(9, left: "ben"));
        _watch.OnList(List(0), _watch.Ask());
        _watch.OnNews(News(70, joined: "carl"));

        Assert.Equal(["0: ", "70: +carl"], _anna.Seen);
    }

    // The list is read while the channel is subscribed, so news that arrive meanwhile may or may not be in it.
    [Fact]
    public void News_WhileTheListIsRead_IsToldBehindIt_IfItIsNotInIt()
    {
        _watch.TryAdd(_anna);

        var question = _watch.Ask();
        _watch.OnNews(News(8, joined: "ben"));
        _watch.OnNews(News(9, joined: "carl"));
        _watch.OnList(List(8, "anna", "ben"), question);

        Assert.Equal(["8: anna 1, ben 1", "9: +carl"], _anna.Seen);
    }

    [Fact]
    public void Watcher_WhoComesLater_GetsAListOfItsOwn()
    {
        _watch.TryAdd(_anna);
        _watch.OnList(List(7, "anna"), _watch.Ask());
        _watch.TryAdd(_ben);
        _watch.OnNews(News(8, joined: "ben"));
        _watch.OnList(List(8, "anna", "ben"), _watch.Ask());
        _watch.OnNews(News(9, joined: "carl"));

        Assert.Equal(["7: anna 1", "8: +ben", "9: +carl"], _anna.Seen);
        Assert.Equal(["8: anna 1, ben 1", "9: +carl"], _ben.Seen);
    }

    [Fact]
    public void News_ThatWasMissed_MakesANewList()
    {
        _watch.TryAdd(_anna);
        _watch.OnList(List(7, "anna"), _watch.Ask());

        _watch.OnNews(News(9, joined: "carl"));
        Assert.True(_watch.NeedsList);
        _watch.OnList(List(9, "anna", "ben", "carl"), _watch.Ask());

        Assert.Equal(["7: anna 1", "9: anna 1, ben 1, carl 1"], _anna.Seen);
    }

    // The list takes long, or cannot be read for a while. The news that wait for it stay bounded, and an incomplete list is never told as complete.
    [Fact]
    public void News_WithoutEnd_BeforeTheList_MakesItWaitForALaterOne()
    {
        _watch.TryAdd(_anna);
        var question = _watch.Ask();
        for (var version = 8; version <= 1100; version++)
        {
            _watch.OnNews(News(version, joined: $"u{version}"));
        }

        _watch.OnList(List(7, "anna"), question);
        Assert.Empty(_anna.Seen);
        Assert.True(_watch.NeedsList);

        question = _watch.Ask();
        _watch.OnNews(News(1101, joined: "u1101"));
        _watch.OnList(List(1100, "anna"), question);
        Assert.Equal(["1100: anna 1", "1101: +u1101"], _anna.Seen);
        Assert.False(_watch.NeedsList);
    }

    // The missing change is in no list that was requested before.
    [Fact]
    public void News_ThatShowsAGap_WhileAListIsRead_MakesAFurtherList()
    {
        _watch.TryAdd(_anna);
        _watch.OnList(List(7, "anna"), _watch.Ask());
        _watch.TryAdd(_ben);
        var question = _watch.Ask();
        _watch.OnNews(News(9, joined: "dora")); // the news of carl's join was lost
        _watch.OnList(List(7, "anna"), question);

        Assert.True(_watch.NeedsList);
        Assert.Empty(_ben.Seen);
        _watch.OnList(List(9, "anna", "carl", "dora"), _watch.Ask());

        Assert.Equal(["7: anna 1", "9: anna 1, carl 1, dora 1"], _anna.Seen);
        Assert.Equal(["9: anna 1, carl 1, dora 1"], _ben.Seen);
        Assert.False(_watch.NeedsList);
    }

    // The list is from before ben came, and the news in between was told to anna only.
    [Fact]
    public void Watcher_WhoComesWhileAListIsRead_GetsALaterOne()
    {
        _watch.TryAdd(_anna);
        var question = _watch.Ask();
        _watch.OnNews(News(8, joined: "carl"));
        _watch.TryAdd(_ben);
        _watch.OnList(List(7, "anna"), question);

        Assert.True(_watch.NeedsList);
        Assert.Equal(["7: anna 1", "8: +carl"], _anna.Seen);
        Assert.Empty(_ben.Seen);
        _watch.OnList(List(8, "anna", "carl"), _watch.Ask());

        Assert.Equal(["8: anna 1, carl 1"], _ben.Seen);
        Assert.Equal(2, _anna.Seen.Length);
    }

    // The list came over another link than the earlier news, which will not be told any more when it arrives.
    [Fact]
    public void List_ThatIsAheadOfTheNews_IsToldToThoseWhoHaveOne()
    {
        _watch.TryAdd(_anna);
        _watch.OnList(List(7, "anna"), _watch.Ask());
        _watch.TryAdd(_ben);
        _watch.OnList(List(9, "anna", "ben", "carl"), _watch.Ask());

        _watch.OnNews(News(8, joined: "ben"));
        _watch.OnNews(News(9, joined: "carl"));
        _watch.OnNews(News(10, left: "carl"));

        Assert.Equal(["7: anna 1", "9: anna 1, ben 1, carl 1", "10: -carl"], _anna.Seen);
    }

    // Nobody was there, so there was no version. The first news received is not the first that there was.
    [Fact]
    public void News_AfterAnEmptyList_ThatDoesNotNameEverybody_MakesANewList()
    {
        _watch.TryAdd(_anna);
        _watch.OnList(new PresenceNews(0, 0) { Members = [] }, _watch.Ask());
        _watch.OnNews(new PresenceNews(8, 2) { Joined = ["carl"] });

        Assert.True(_watch.NeedsList);
        _watch.OnList(List(8, "ben", "carl"), _watch.Ask());
        Assert.Equal(["0: ", "8: ben 1, carl 1"], _anna.Seen);
    }

    [Fact]
    public void News_BetweenTheListAndTheFirstThatWasHeard_IsMissed_AndMakesANewList()
    {
        _watch.TryAdd(_anna);
        var question = _watch.Ask();
        _watch.OnNews(News(9, joined: "dora")); // the news of carl's join was lost
        _watch.OnList(List(7, "anna"), question);

        Assert.True(_watch.NeedsList);
        Assert.Empty(_anna.Seen);
        _watch.OnList(List(9, "anna", "carl", "dora"), _watch.Ask());
        Assert.Equal(["9: anna 1, carl 1, dora 1"], _anna.Seen);
    }

    // For example those of a promoted replica whose clock is behind.
    [Fact]
    public void Versions_ThatWentBack_AreBelieved()
    {
        _watch.TryAdd(_anna);
        _watch.OnList(List(70, "anna"), _watch.Ask());

        _watch.OnVersion(5, _watch.Ask());
        _watch.OnList(List(5, "anna", "ben"), _watch.Ask());
        _watch.OnNews(News(6, left: "ben"));

        Assert.Equal(["70: anna 1", "5: anna 1, ben 1", "6: -ben"], _anna.Seen);
    }

    [Fact]
    public void News_HeardTwice_IsToldOnce()
    {
        _watch.TryAdd(_anna);
        _watch.OnList(List(7, "anna"), _watch.Ask());

        _watch.OnNews(News(8, joined: "ben"));
        _watch.OnNews(News(8, joined: "ben"));

        Assert.Equal(["7: anna 1", "8: +ben"], _anna.Seen);
    }

    [Fact]
    public void Topic_WithTooManyUsers_IsToldByNumber_UntilTheyCanBeNamedAgain()
    {
        _watch.TryAdd(_anna);
        _watch.OnList(new PresenceNews(7, 5000), _watch.Ask());

        _watch.OnNews(new PresenceNews(8, 5001));
        _watch.OnNews(new PresenceNews(9, 5002));
        Assert.True(_watch.HasCount);
        _watch.TellCount();
        Assert.False(_watch.HasCount);

        _watch.OnNews(News(10, left: "zoe"));
        Assert.True(_watch.NeedsList);
        _watch.OnList(List(10, "anna"), _watch.Ask());

        Assert.Equal(["7: 5000", "9: 5002", "10: anna 1"], _anna.Seen);
    }

    // The number was still waiting to be told when the list was told. Once it came after the list and took the names away for good.
    [Fact]
    public void Number_OfBeforeAList_IsNotToldBehindIt()
    {
        _watch.TryAdd(_anna);
        _watch.OnList(new PresenceNews(7, 5000), _watch.Ask());

        _watch.OnNews(new PresenceNews(8, 1001));
        _watch.OnNews(News(9, left: "zoe"));
        _watch.OnList(List(9, "anna"), _watch.Ask());

        Assert.False(_watch.HasCount);
        Assert.Equal(["7: 5000", "9: anna 1"], _anna.Seen);
    }

    [Fact]
    public void Watcher_WhoHasGone_IsToldNothing()
    {
        _watch.TryAdd(_anna);
        Assert.False(_watch.TryAdd(_anna));
        _watch.OnList(List(7, "anna"), _watch.Ask());

        _watch.Remove(_anna);
        _watch.OnNews(News(8, joined: "ben"));

        Assert.True(_watch.IsEmpty);
        Assert.Equal(["7: anna 1"], _anna.Seen);
    }

    [Theory]
    [InlineData("7\n2\n+anna\n-ben", "7 2 +anna -ben")]
    [InlineData("7\n5000", "7 5000")]
    [InlineData("7\n1\n+Łódź 🧀", "7 1 +Łódź 🧀")]
    [InlineData("", null)]
    [InlineData("7", null)]
    [InlineData("7\n", null)]
    [InlineData("x\n2", null)]
    [InlineData("7\n2\nanna", null)]
    [InlineData("7\n2\n+", null)]
    [InlineData("7\n2x\n+anna", null)]
    public void News_FromTheChannel_IsReadOrIsNone(string text, string? expected)
    {
        var news = RedisPresence.Parse(System.Text.Encoding.UTF8.GetBytes(text));

        Assert.Equal(expected, news is null ? null : string.Join(' ', [$"{news.Version} {news.Count}", .. news.Joined.Select(user => "+" + user), .. news.Left.Select(user => "-" + user)]));
    }

    private static PresenceNews List(long version, params string[] users) =>
        new(version, users.Length) { Members = [.. users.Select(user => new PresentUser(user, 1))] };

    private static PresenceNews News(long version, string? joined = null, string? left = null) =>
        new(version, 1) { Joined = joined is null ? [] : [joined], Left = left is null ? [] : [left] };
}
