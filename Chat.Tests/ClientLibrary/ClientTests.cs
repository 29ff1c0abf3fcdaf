using System.Globalization;
using Chat.Client;
using Chat.Tests.Hubs;
using Chat.Tests.Support;
using Xunit;
using Xunit.Abstractions;
using Library = Chat.Client.ChatClient;

namespace Chat.Tests.ClientLibrary;

/// <summary>The .NET client library, against nodes behind an edge.</summary>
public sealed class ClientTests(HubCluster cluster, ITestOutputHelper output) : HubTest(cluster, output)
{
    private static readonly TimeSpan Deadline = Listener.Deadline;

    private readonly string _group = Unique("group");
    private readonly string _anna = Unique("anna");
    private readonly string _ben = Unique("ben");

    [Fact]
    public async Task Members_HearEachOther_InOneOrder_WithPositions()
    {
        await using var anna = await ConnectAsync(_anna);
        await using var ben = await ConnectAsync(_ben);
        var joined = await anna.Chat.JoinAsync(_group);
        await ben.Chat.JoinAsync(_group);
        Assert.True(joined.Recovered);
        Assert.Equal(joined, await anna.NextAsync<ChatSubscribed>(subscribed => subscribed.Group == _group));
        Assert.Equal(new ChatUserJoined(_group, _ben), await anna.NextAsync<ChatUserJoined>());

        var published = await Task.WhenAll(Enumerable.Range(0, 50).Select(i => (i % 2 == 0 ? anna : ben).Chat.PostAsync(_group, $"{i}", i == 0 ? "first" : null)));
        await anna.Chat.PostAsync(_group, "last");

        var heard = (await anna.UntilAsync("last")).OfType<ChatMessage>().ToList();
        Assert.Equal(heard, (await ben.UntilAsync("last")).OfType<ChatMessage>());
        Assert.Equal(Enumerable.Range(1, 51).Select(i => joined.Position.Offset + i), heard.Select(message => message.Position!.Value.Offset));
        Assert.Equal(published.Select(one => (one.Id, one.Position)).ToHashSet(), heard.SkipLast(1).Select(one => (one.Id!, one.Position!.Value)).ToHashSet());
        Assert.Contains(heard, message => message is { Id: "first", Text: "0" } && message.From == _anna && message.SentAt > DateTimeOffset.UtcNow.AddHours(-1));
        Assert.Contains(_group, anna.Chat.Groups);
    }

    [Fact]
    public async Task Message_SentAgainUnderItsId_IsThereOnce()
    {
        await using var anna = await ConnectAsync(_anna);
        await anna.Chat.JoinAsync(_group);

        var first = await anna.Chat.PostAsync(_group, "once", "the-id");
        Assert.Equal(first, await anna.Chat.PostAsync(_group, "once", "the-id"));
        await anna.Chat.PostAsync(_group, "last");

        Assert.Equal(["once", "last"], await anna.TextsUntilAsync(_group, "last"));
    }

    [Fact]
    public async Task Deletion_IsAnEvent_AlsoForWhoComesBack_AndTheTextIsGone()
    {
        await using var anna = await ConnectAsync(_anna);
        await using var ben = await ConnectAsync(_ben);
        await anna.Chat.JoinAsync(_group);
        await ben.Chat.JoinAsync(_group);
        var said = await anna.Chat.PostAsync(_group, "secret");
        await ben.UntilAsync("secret");
        await ben.Chat.DisposeAsync();

        await Cluster.DeleteAsync("group:" + _group, said.Position.Epoch, said.Position.Offset, node: 1);
        await anna.Chat.PostAsync(_group, "last");

        await using var later = await ConnectAsync(_ben, ben.Chat.Positions); // fetches by itself
        foreach (var member in new[] { anna, later })
        {
            var heard = await member.UntilAsync("last");
            var deleted = Assert.Single(heard.OfType<ChatDeleted>());
            Assert.Equal((_group, "tests", said.Id, said.Position, said.Position with { Offset = said.Position.Offset + 1 }), (deleted.Group, deleted.By, deleted.MessageId, deleted.MessagePosition, deleted.Position));
            Assert.True(heard.IndexOf(deleted) > heard.FindIndex(one => one is ChatMessage { Text: "secret" }));
        }

        var history = await anna.Chat.HistoryAsync(_group);
        Assert.Equal(["last"], history.Messages.Select(message => message.Text));
        Assert.Equal(said.Position, Assert.Single(history.Deletions).MessagePosition);
    }

    [Fact]
    public async Task Direct_ReachesEveryDevice_AndIsResumed()
    {
        await using var anna = await ConnectAsync(_anna);
        await using var phone = await ConnectAsync(_ben);
        await using var tablet = await ConnectAsync(_ben);

        var sent = await anna.Chat.SendAsync(_ben, "hello");
        foreach (var device in new[] { phone, tablet })
        {
            var message = await device.NextAsync<ChatMessage>();
            Assert.Equal((null, _anna, "hello", sent.Id, sent.Position), (message.Group, message.From, message.Text, message.Id, message.Position));
        }

        await phone.Chat.DisposeAsync();
        await anna.Chat.SendAsync(_ben, "while away");
        await using var later = await ConnectAsync(_ben, phone.Chat.Positions);
        Assert.Equal("while away", (await later.NextAsync<ChatMessage>()).Text);
    }

    [Fact]
    public async Task Join_SinceAPosition_DuringTraffic_GivesEachMessageOnce()
    {
        await using var ben = await ConnectAsync(_ben);
        await ben.Chat.JoinAsync(_group);
        var first = await ben.Chat.PostAsync(_group, "0");
        using var enough = new CancellationTokenSource();
        var posting = Task.Run(async () =>
        {
            for (var i = 1; !enough.IsCancellationRequested; i++)
            {
                await ben.Chat.PostAsync(_group, i.ToString(CultureInfo.InvariantCulture));
            }
        });
        await using var anna = await ConnectAsync(_anna);

        await ben.NextAsync<ChatMessage>(message => message.Position!.Value.Offset > first.Position.Offset + 50);
        Assert.True((await anna.Chat.JoinAsync(_group, first.Position)).Recovered);
        await ben.NextAsync<ChatMessage>(message => message.Position!.Value.Offset > first.Position.Offset + 100);
        await anna.Chat.LeaveAsync(_group);
        await anna.Chat.JoinAsync(_group, first.Position); // it does not give out again what it has already received
        await anna.Chat.LeaveAsync(_group);

        var heard = await UntilUnsubscribedAsync(anna);
        heard.AddRange(await UntilUnsubscribedAsync(anna));
        Assert.Equal(Enumerable.Range(1, heard.Count).Select(i => $"{i}"), heard.Select(message => message.Text));
        Assert.True(heard.Count >= 50);
        await enough.CancelAsync();
        await posting.WaitAsync(Deadline);
    }

    [Fact]
    public async Task History_GivesTheLatest_AndWhatCameAfterAPosition()
    {
        await using var anna = await ConnectAsync(_anna);
        await anna.Chat.JoinAsync(_group);
        var published = new List<ChatPublished>();
        for (var i = 0; i < 10; i++)
        {
            published.Add(await anna.Chat.PostAsync(_group, $"{i}"));
        }

        var latest = await anna.Chat.HistoryAsync(_group, limit: 3);
        Assert.Equal(["7", "8", "9"], latest.Messages.Select(message => message.Text));
        Assert.Equal((published[9].Position, true), (latest.Position, latest.Recovered));
        var after = await anna.Chat.HistoryAsync(_group, published[1].Position, limit: 2);
        Assert.Equal(["2", "3"], after.Messages.Select(message => message.Text));
        Assert.Equal(published[3].Position, after.Position);
    }

    [Fact]
    public async Task Device_FollowsWhatItsUserJoinsAndLeavesOnAnother()
    {
        await using var phone = await ConnectAsync(_anna);
        await using var tablet = await ConnectAsync(_anna);
        await using var ben = await ConnectAsync(_ben);

        await tablet.Chat.JoinAsync(_group);
        await phone.NextAsync<ChatSubscribed>(subscribed => subscribed.Group == _group && subscribed.Recovered);
        await ben.Chat.PostAsync(_group, "to both");
        Assert.Equal("to both", (await phone.NextAsync<ChatMessage>()).Text);
        await tablet.UntilAsync("to both");

        Assert.Equal(new ChatLeft(3, 3), await tablet.Chat.LeaveAsync(_group));
        foreach (var device in new[] { phone, tablet })
        {
            Assert.Equal(new ChatUnsubscribed(_group), await device.NextAsync<ChatUnsubscribed>());
        }

        await ben.Chat.PostAsync(_group, "to nobody");
        await ben.Chat.SendAsync(_anna, "fence");
        foreach (var device in new[] { phone, tablet })
        {
            Assert.DoesNotContain(await device.UntilAsync("fence"), one => one is ChatMessage { Text: "to nobody" });
        }
    }

    [Fact]
    public async Task Typing_AndPresence_AreTold_AlsoAfterAReconnect()
    {
        await using var anna = await ConnectAsync(_anna);
        await using var ben = await ConnectAsync(_ben);
        await anna.Chat.JoinAsync(_group);
        await ben.Chat.JoinAsync(_group);

        await Eventually.TrueAsync(async () => (await anna.Chat.WatchPresenceAsync(_group)).Count == 2);
        await ben.Chat.TypingAsync(_group);
        Assert.Equal(new ChatTyping(_group, _ben), await anna.NextAsync<ChatTyping>());

        await anna.BreakAsync();
        await anna.NextAsync<ChatPresence>(presence => presence.Members?.Count == 2);
        await ben.Chat.DisposeAsync();
        await anna.NextAsync<ChatPresence>(presence => presence.Left.Contains(_ben));
    }

    [Fact]
    public async Task Client_RefusedForItsToken_StopsAndSaysSo()
    {
        var options = Listener.OptionsOf(Cluster.Edge.Address, _anna);
        options = new ChatClientOptions
        {
            Server = options.Server,
            Token = _ => ValueTask.FromResult("rubbish"),
            FirstDelay = TimeSpan.FromMilliseconds(10),
            LongestDelay = TimeSpan.FromMilliseconds(20),
        };

        var refused = await Assert.ThrowsAsync<ChatException>(() => Library.ConnectAsync(options));
        Assert.Equal(("refused", "This is not a JSON Web Token."), (refused.Code, refused.Message));
    }

    [Fact]
    public async Task Client_WithoutAServer_GoesOnTrying_UntilItIsToldToStop()
    {
        var options = new ChatClientOptions { Server = new Uri($"http://127.0.0.1:{TestPort.FindFree()}"), Token = _ => ValueTask.FromResult("x"), FirstDelay = TimeSpan.FromMilliseconds(10) };
        using var enough = new CancellationTokenSource(TimeSpan.FromMilliseconds(300));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Library.ConnectAsync(options, enough.Token));
    }

    [Fact]
    public async Task Token_IsShownAnewBeforeItIsOver()
    {
        // The token lasts a minute and three seconds, and the client's clock is a minute ahead of the server's. The client hurries; the server does not.
        var tokens = 0;
        var third = new TaskCompletionSource();
        await using var anna = await Listener.ConnectAsync(
            new ChatClientOptions
            {
                Server = Cluster.Edge.Address,
                Token = _ =>
                {
                    if (++tokens == 3)
                    {
                        third.SetResult();
                    }

                    return ValueTask.FromResult(HubTestToken.Make(_anna, TimeSpan.FromSeconds(63)));
                },
                TimeProvider = new ClockAhead(TimeSpan.FromMinutes(1)),
            },
            _anna);

        await third.Task.WaitAsync(Deadline);
        Assert.Equal((ChatState.Online, 0), (anna.Chat.State, anna.Chat.Reconnects));
    }

    [Fact]
    public async Task Call_ThatIsRefused_SaysWhy()
    {
        await using var anna = await ConnectAsync(_anna);

        var refused = await Assert.ThrowsAsync<ChatException>(() => anna.Chat.HistoryAsync(Unique("not-in")));
        Assert.Equal(("not_member", "You are not in that group."), (refused.Code, refused.Message));
        await Assert.ThrowsAsync<ChatException>(() => anna.Chat.PostAsync("bad\u0001name", "x"));
        await anna.Chat.DisposeAsync();
        Assert.Equal("stopped", (await Assert.ThrowsAsync<ChatException>(() => anna.Chat.PostAsync(_group, "x"))).Code);
    }

    [Fact]
    public async Task Call_ThatIsTooBig_IsRefused_AndTheOthersAreAnswered()
    {
        await using var anna = await ConnectAsync(_anna);
        await anna.Chat.JoinAsync(_group);

        var big = anna.Chat.PostAsync(_group, new string('x', 33_000));
        await anna.Chat.PostAsync(_group, new string('x', 32_000));

        Assert.Equal("too_big", (await Assert.ThrowsAsync<ChatException>(() => big)).Code);
        Assert.Equal((_anna, 0), (anna.Chat.User, anna.Chat.Reconnects));
    }

    [Fact]
    public async Task ReaderThatIsSlow_LosesNothing_AndCanStillCall()
    {
        await using var ben = await ConnectAsync(_ben);
        await ben.Chat.JoinAsync(_group);
        await using var anna = await Library.ConnectAsync(new ChatClientOptions
        {
            Server = Cluster.Edge.Address,
            Token = _ => ValueTask.FromResult(HubTestToken.Make(_anna, TimeSpan.FromHours(1))),
            BufferedEvents = 10,
            FirstDelay = TimeSpan.FromMilliseconds(10),
            LongestDelay = TimeSpan.FromMilliseconds(100),
        });
        await anna.JoinAsync(_group);
        var text = new string('x', 5000);
        for (var i = 0; i < 10; i++)
        {
            await Task.WhenAll(Enumerable.Range(i * 100, 100).Select(k => ben.Chat.PostAsync(_group, $"{k} {text}")));
        }

        await anna.PostAsync(_group, "last");
        var offsets = new List<long>();
        await foreach (var one in anna.ReadAllAsync().WithCancellation(new CancellationTokenSource(Deadline).Token))
        {
            Assert.False(one is ChatSubscribed { Recovered: false });
            if (one is ChatMessage message && message.Group == _group)
            {
                offsets.Add(message.Position!.Value.Offset);
                if (message.Text == "last")
                {
                    break;
                }
            }
        }

        Assert.Equal(Enumerable.Range((int)offsets[0], 1001).Select(offset => (long)offset), offsets);
    }

    private sealed class ClockAhead(TimeSpan ahead) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + ahead;
    }

    private static async Task<List<ChatMessage>> UntilUnsubscribedAsync(Listener listener)
    {
        var heard = new List<ChatMessage>();
        while (await listener.NextAsync<ChatEvent>() is var one and not ChatUnsubscribed)
        {
            if (one is ChatMessage message)
            {
                heard.Add(message);
            }
        }

        return heard;
    }

    private Task<Listener> ConnectAsync(string user, IReadOnlyDictionary<string, ChatPosition>? since = null) =>
        Listener.ConnectAsync(Cluster.Edge.Address, user, since);
}
