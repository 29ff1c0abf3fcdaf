using System.Globalization;
using Chat.Tests.Support;
using Microsoft.AspNetCore.SignalR;
using Xunit;
using Xunit.Abstractions;

namespace Chat.Tests.Hubs;

/// <summary>Earlier messages: <c>history</c>, <c>join</c> with <c>since</c>, and connecting with <c>since</c>.</summary>
public sealed class HistoryTests(ClusterFixture cluster, ITestOutputHelper output) : ClusterTest(cluster, output)
{
    private readonly string _group = $"group-{Guid.NewGuid():N}"[..16];
    private readonly string _anna = $"anna-{Guid.NewGuid():N}"[..16];

    [Fact]
    public async Task History_GivesTheLatest_OrWhatCameAfterAPosition_UpToALimit()
    {
        await using var ben = await ConnectAsync("ben");
        var posted = await PostAsync(ben, 10);
        await using var anna = await ConnectAsync(_anna);
        Assert.Contains("not_member: ", (await Assert.ThrowsAsync<HubException>(() => anna.HistoryAsync(_group))).Message, StringComparison.Ordinal);
        await anna.JoinAsync(_group);

        var all = await anna.HistoryAsync(_group);
        var after = await anna.HistoryAsync(_group, since: $"{posted[3].Epoch}:{posted[3].Offset}");
        var latest = await anna.HistoryAsync(_group, limit: 3);
        var next = await anna.HistoryAsync(_group, since: $"{posted[3].Epoch}:{posted[3].Offset}", limit: 2);

        Assert.Equal(posted.Select(message => ((string?)message.Id, message.Offset)), all.Messages.Select(message => (message.Id, message.Offset)));
        Assert.Equal(Enumerable.Range(0, 10).Select(i => ((string?)"ben", (string?)$"{i}", (string?)_group)), all.Messages.Select(message => (message.Nick, message.Message, message.Group)));
        Assert.Equal((posted[9].Epoch, posted[9].Offset), (all.Epoch, all.Offset));
        Assert.True(after.Recovered);
        Assert.Equal(["4", "5", "6", "7", "8", "9"], Texts(after));
        Assert.Equal(["7", "8", "9"], Texts(latest));
        Assert.Equal(["4", "5"], Texts(next));
        Assert.DoesNotContain(anna.Pending(), heard => heard.Group == _group);
    }

    // An answer is one frame, so it must not be larger than the data that may wait for a client.
    [Fact]
    public async Task History_OfLargeMessages_ComesInSeveralAnswers()
    {
        await using var ben = await ConnectAsync("ben");
        await ben.JoinAsync(_group);
        var text = new string('x', 30_000);
        var first = await ben.PostAsync(_group, "0" + text);
        for (var i = 1; i < 20; i++)
        {
            await using var poster = await ConnectAsync($"ben-{i % 4}"); // more messages than one user may write at once
            await poster.PostAsync(_group, i + text);
        }

        var latest = await ben.HistoryAsync(_group);
        Assert.InRange(latest.Messages.Length, 5, 10);
        Assert.StartsWith("19x", latest.Messages[^1].Message, StringComparison.Ordinal);

        var offsets = new List<long>();
        for (var at = 0L; at < first.Offset + 19;)
        {
            var part = await ben.HistoryAsync(_group, since: $"{first.Epoch}:{at}");
            Assert.True(part.Recovered);
            Assert.InRange(part.Messages.Length, 1, 10);
            offsets.AddRange(part.Messages.Select(message => message.Offset));
            at = part.Offset;
        }

        Assert.Equal(Enumerable.Range(0, 20).Select(i => first.Offset + i), offsets);
    }

    [Fact]
    public async Task History_OfAnotherLog_SaysThatItIsNotWhole()
    {
        await using var ben = await ConnectAsync("ben");
        await ben.JoinAsync(_group);
        await PostAsync(ben, 2);

        var history = await ben.HistoryAsync(_group, since: "another:1");

        Assert.False(history.Recovered);
        Assert.Equal(["0", "1"], Texts(history));
    }

    [Fact]
    public async Task Join_WithSince_GivesWhatWasMissed_AndThenWhatIsNew()
    {
        await using var ben = await ConnectAsync("ben");
        var posted = await PostAsync(ben, 5);
        await using var anna = await ConnectAsync(_anna, HubTransport.LongPolling);

        var joined = await anna.JoinAsync(_group, since: $"{posted[1].Epoch}:{posted[1].Offset}");
        var live = await ben.PostAsync(_group, "live");

        Assert.Equal(["2", "3", "4"], Texts(joined));
        Assert.Equal((posted[4].Epoch, posted[4].Offset, true), (joined.Epoch, joined.Offset, joined.Recovered));
        var next = await anna.NextWhereAsync(heard => heard is { Name: "message" } && heard.Group == _group);
        Assert.Equal((live.Offset, "live"), (next.Offset, next.Message));
    }

    [Fact]
    public async Task Join_WithoutSince_GivesThePosition_AndNothingOld()
    {
        await using var ben = await ConnectAsync("ben");
        var posted = await PostAsync(ben, 3);

        var joined = await ben.JoinAsync(_group);

        Assert.Equal((posted[2].Epoch, posted[2].Offset, true), (joined.Epoch, joined.Offset, joined.Recovered));
        Assert.Empty(joined.Messages);
    }

    [Theory]
    [InlineData(HubTransport.WebSockets)]
    [InlineData(HubTransport.ServerSentEvents)]
    [InlineData(HubTransport.LongPolling)]
    public async Task Connecting_WithSince_GivesWhatWasMissed_InOrder_BeforeAnythingNew(HubTransport transport)
    {
        await using var ben = await ConnectAsync("ben");
        HubHistory before;
        HubPublished mine;
        await using (var anna = await ConnectAsync(_anna, transport))
        {
            before = await anna.JoinAsync(_group);
            mine = await ben.SendAsync(_anna, "first");
            await anna.NextAsync("direct");
            await anna.StopAsync();
        }

        await PostAsync(ben, 5);
        await ben.SendAsync(_anna, "second");
        await using var back = await ConnectAsync(
            _anna, transport, string.Create(CultureInfo.InvariantCulture, $"since={_group}:{before.Position}&since.user={mine.Epoch}:{mine.Offset}"));
        await ben.PostAsync(_group, "new");

        var awaited = new HashSet<string?> { "new", "second" }; // there is no order between two topics
        var heard = await back.UntilAsync(next => awaited.Remove(next.Message) && awaited.Count == 0);
        Assert.Equal(
            [("0", 1), ("1", 2), ("2", 3), ("3", 4), ("4", 5), ("new", 6)],
            heard.Where(next => next.Name == "message" && next.Group == _group).Select(next => (next.Message, (int)(next.Offset - before.Offset))));
        Assert.Equal(["second"], heard.Where(next => next.Name == "direct").Select(next => next.Message));
        var told = Assert.Single(heard, next => next.Name == "subscribed" && next.Group == _group);
        Assert.Equal((before.Epoch, true), (told.Epoch, told.Recovered));
    }

    [Theory]
    [InlineData("nonsense")]
    [InlineData("")]
    [InlineData("abc:-1")]
    [InlineData("abc:99999999999999999999")]
    [InlineData("%20blank:x:1")]
    public async Task Since_ThatIsNoPosition_IsAnError(string since)
    {
        await using var anna = await ConnectAsync(_anna);

        await Assert.ThrowsAsync<HubException>(() => anna.JoinAsync(_group, since));
        await anna.JoinAsync(_group);
        await Assert.ThrowsAsync<HubException>(() => anna.HistoryAsync(_group, since));

        Assert.NotNull(await anna.PostAsync(_group, "all is well"));
    }

    private static string[] Texts(HubHistory history) => [.. history.Messages.Select(message => message.Message!)];

    private async Task<List<HubPublished>> PostAsync(HubClient client, int count)
    {
        var posted = new List<HubPublished>();
        for (var i = 0; i < count; i++)
        {
            posted.Add(await client.PostAsync(_group, $"{i}"));
        }

        return posted;
    }

    private Task<HubDotNetClient> ConnectAsync(string nick, HubTransport transport = HubTransport.WebSockets, string query = "") =>
        HubDotNetClient.ConnectAsync(Cluster.Edge, nick, transport, new HubClientOptions { Query = query });
}
