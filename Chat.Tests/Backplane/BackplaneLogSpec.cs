using Chat.Api.Backplane;
using Chat.Api.Messages;
using Chat.Tests.Support;
using Xunit;

namespace Chat.Tests.Backplane;

/// <summary>The promises of a backplane about the messages it keeps.</summary>
public abstract class BackplaneLogSpec : BackplaneSpec
{
    [RedisFact]
    public async Task Log_GivesWhatCameAfterAPosition_InOrder()
    {
        var topic = NewTopic();
        var epoch = await PublishAsync(A, topic, 5);

        Assert.Equal<int[]>([3, 4, 5], await OffsetsAsync(topic, epoch, since: 2));
        Assert.Equal<int[]>([3, 4], await OffsetsAsync(topic, epoch, since: 2, limit: 2));
        Assert.Empty(await OffsetsAsync(topic, epoch, since: 5));
    }

    [RedisFact]
    public async Task Log_GivesAsManyBytesAsAreWanted_AndAlwaysAMessage()
    {
        var topic = NewTopic();
        var published = await A.PublishAsync(topic, new string('x', 1000));
        for (var i = 2; i <= 40; i++)
        {
            await A.PublishAsync(topic, new string('x', 1000));
        }

        Assert.Equal<long[]>([1], await OffsetsAsync(since: 0, bytes: 1));
        Assert.Equal<long[]>([6, 7], await OffsetsAsync(since: 5, bytes: 2000));
        Assert.InRange((await OffsetsAsync(since: 0, bytes: 30_000)).Length, 20, 30);
        Assert.Equal(Enumerable.Range(1, 40).Select(static offset => (long)offset), await OffsetsAsync(since: 0, bytes: 1_000_000));
        Assert.Equal<long[]>([39, 40], await OffsetsAsync(since: 38, bytes: 1_000_000));

        async Task<long[]> OffsetsAsync(long since, int bytes)
        {
            var page = await B.Backplane.ReadAsync(topic, published.Epoch, since, limit: 100, new ReadBounds(bytes, TakesTurns: false));
            Assert.Equal(40, page.Last);
            return [.. page.Envelopes.Select(utf8 => Envelope.TryParse(utf8, out var envelope) ? envelope.Offset : 0)];
        }
    }

    [RedisFact]
    public async Task Log_GivesItsLatest_InOrder_AndWhereItEnds()
    {
        var topic = NewTopic();
        var epoch = await PublishAsync(A, topic, 5);

        Assert.Equal<long[]>([4, 5], Offsets(await B.Backplane.ReadLatestAsync(topic, 2), epoch));
        Assert.Equal<long[]>([1, 2, 3, 4, 5], Offsets(await B.Backplane.ReadLatestAsync(topic, 9), epoch));

        var page = await B.Backplane.ReadLatestAsync(NewTopic(), 9);
        Assert.Equal((0, 0), (page.Last, page.Envelopes.Count));

        static long[] Offsets(LogPage page, string epoch)
        {
            Assert.Equal((epoch, 5), (page.Epoch, page.Last));
            return [.. page.Envelopes.Select(utf8 => Envelope.TryParse(utf8, out var envelope) ? envelope.Offset : 0)];
        }
    }

    [RedisFact]
    public async Task Log_ReadWithAnUnknownEpoch_GivesItsPositionAlone()
    {
        var topic = NewTopic();
        var epoch = await PublishAsync(A, topic, 5);

        var page = await B.Backplane.ReadAsync(topic, "another", 2, 100);

        Assert.Equal((epoch, 5, 0), (page.Epoch, page.Last, page.Envelopes.Count));
    }

    [RedisFact]
    public async Task Log_ReadBeforeTheFirstMessage_BeginsItsEpoch()
    {
        var topic = NewTopic();

        var page = await A.Backplane.ReadAsync(topic, "", 0, 0);
        var first = await B.PublishAsync(topic, "hi");

        Assert.Equal(0, page.Last);
        Assert.Equal((page.Epoch, 1), (first.Epoch, first.Offset));
    }

    // A server that does not distinguish its lives came back with less than it had acknowledged. New messages must not pass for those that were there
    // before, and messages acknowledged since then must not be lost.
    [RedisFact]
    public async Task Log_WhoseOffsetsWereGivenTwice_BeginsANewEpochAndKeepsWhatItHas()
    {
        var topic = NewTopic();
        var epoch = await PublishAsync(A, topic, 5);
        await A.PublishAsync(topic, "hi", id: "m1");

        Assert.False((await B.Backplane.ReadAsync(topic, epoch, 7, 100)).Continues(7));
        var page = await B.Backplane.EndEpochAsync(topic, epoch);
        var again = await A.PublishAsync(topic, "hi", id: "m1");
        var next = await A.PublishAsync(topic, "new", id: "m2");

        Assert.NotEqual(epoch, page.Epoch);
        Assert.Equal(-1, (await B.Backplane.ReadAsync(topic, epoch, 6, 100)).Common);
        Assert.Equal(page.Epoch, (await B.Backplane.EndEpochAsync(topic, epoch)).Epoch); // it ended before
        Assert.Equal((page.Epoch, 6, 7), (next.Epoch, again.Offset, next.Offset));
        Assert.Equal(["hi", "new"], (await B.ReadAsync(topic, page.Epoch, 5)).Select(heard => heard.Msg));
        AssertEveryKeyExpires(topic);
    }

    [RedisFact]
    public async Task Log_OverItsCount_KeepsTheNewest()
    {
        var node = await StartWithAShortLogAsync();
        var topic = NewTopic();

        var epoch = await PublishAsync(node, topic, 200);

        var kept = await OffsetsAsync(topic, epoch, since: 0);
        Assert.InRange(kept.Length, 10, 42); // the log is trimmed every 32 messages
        Assert.Equal(Enumerable.Range(201 - kept.Length, kept.Length), kept);
    }

    [RedisFact]
    public async Task Ids_OfMessagesThatLeftTheLog_AreForgotten()
    {
        var node = await StartWithAShortLogAsync();
        var topic = NewTopic();

        await node.PublishAsync(topic, "hi", id: "m1");
        for (var i = 2; i <= 96; i++)
        {
            await node.PublishAsync(topic, "hi", id: $"m{i}");
        }

        Assert.Equal(96, (await node.PublishAsync(topic, "hi", id: "m96")).Offset);
        Assert.Equal(97, (await node.PublishAsync(topic, "hi", id: "m1")).Offset);
        AssertEveryKeyExpires(topic);
    }

    [RedisFact]
    public async Task Deletion_TakesTheTextOutOfTheLog_AndItsNoticeIsTheNextEntry()
    {
        var topic = NewTopic();
        B.Listener.Held = [topic];
        await A.PublishAsync(topic, "first");
        var secret = await A.PublishAsync(topic, """\"Kind\":\"gone\" secret""", id: "m1");
        await A.PublishAsync(topic, "last");

        var notice = await B.DeleteAsync(topic, secret.Epoch, secret.Offset);

        Assert.Equal((true, secret.Epoch, 4), (notice.IsPublished, notice.Epoch, notice.Offset));
        var log = await A.ReadAsync(topic, secret.Epoch, 0);
        Assert.Equal(["1   first", $"2 m1 gone {secret.Epoch}:4", "3   last", $"4  deleted {secret.Epoch}:2:m1"], log.Select(one => $"{one.Offset} {(one.Id == "m1" ? "m1" : "")} {one.Kind} {one.Msg}"));
        Assert.Equal(("-", "mod"), (log[1].From, log[3].From));
        await HearHeadAsync(A, topic, notice);
        await HearHeadAsync(B, topic, notice);
        AssertEveryKeyExpires(topic);
    }

    [RedisFact]
    public async Task Deletion_Repeated_AnswersTheSame_AndAppendsNothing()
    {
        var topic = NewTopic();
        var said = await A.PublishAsync(topic, "secret");

        var first = await A.DeleteAsync(topic, said.Epoch, said.Offset);
        await A.PublishAsync(topic, "next");
        var again = await B.DeleteAsync(topic, said.Epoch, said.Offset);

        Assert.Equal((said.Epoch, 2), (first.Epoch, first.Offset));
        Assert.Equal((first.Epoch, first.Offset), (again.Epoch, again.Offset));
        Assert.Equal<int[]>([1, 2, 3], await OffsetsAsync(topic, said.Epoch, since: 0));
    }

    [RedisFact]
    public async Task Deletion_OfWhatIsNoMessageOfTheLog_DoesNothing()
    {
        var topic = NewTopic();
        Assert.Equal(0, (await A.DeleteAsync(topic, "e1", 1)).Offset); // a topic that was never used
        var said = await A.PublishAsync(topic, "hi");
        var left = await A.PublishAsync(topic, "1", isRemoval: true);
        var other = await A.PublishAsync(topic, "other");
        var notice = await A.DeleteAsync(topic, other.Epoch, other.Offset);

        Assert.Equal(0, (await A.DeleteAsync(topic, said.Epoch, 99)).Offset);
        Assert.Equal(0, (await A.DeleteAsync(topic, "another", said.Offset)).Offset);
        Assert.Equal(0, (await A.DeleteAsync(topic, left.Epoch, left.Offset)).Offset);
        Assert.Equal(0, (await A.DeleteAsync(topic, notice.Epoch, notice.Offset)).Offset);
        Assert.Equal(["hi"], (await A.ReadAsync(topic, said.Epoch, 0, limit: 1)).Select(one => one.Msg));
        Assert.Equal<int[]>([1, 2, 3, 4], await OffsetsAsync(topic, said.Epoch, since: 0));
    }

    [RedisFact]
    public async Task Deletion_OfAMessageOfAnEpochThatHasEnded_TakesItsTextOutAsWell()
    {
        var topic = NewTopic();
        var said = await A.PublishAsync(topic, "secret", id: "m1");
        var page = await B.Backplane.EndEpochAsync(topic, said.Epoch);

        Assert.Equal(0, (await A.DeleteAsync(topic, page.Epoch, said.Offset)).Offset); // there is no such position
        var notice = await A.DeleteAsync(topic, said.Epoch, said.Offset);

        Assert.Equal((page.Epoch, 2), (notice.Epoch, notice.Offset));
        Assert.Equal([$"{page.Epoch}:2", $"{said.Epoch}:1:m1"], (await B.ReadAsync(topic, page.Epoch, 0)).Select(one => one.Msg));
    }

    [RedisFact]
    public async Task Deletion_LeavesTheIdKnown_SoThatARepetitionDoesNotBringTheMessageBack()
    {
        var topic = NewTopic();
        var said = await A.PublishAsync(topic, "secret", id: "m1");
        await A.DeleteAsync(topic, said.Epoch, said.Offset);

        var again = await B.PublishAsync(topic, "secret", id: "m1");

        Assert.Equal((said.Epoch, said.Offset), (again.Epoch, again.Offset));
        Assert.Equal<int[]>([1, 2], await OffsetsAsync(topic, said.Epoch, since: 0));
    }

    private static async Task HearHeadAsync(BackplaneNode node, Topic topic, Outcome notice)
    {
        var head = $"{topic.Name} {notice.Epoch}:{notice.Offset}";
        while (await node.Listener.NextHeadAsync() != head)
        {
            // another topic's, or that of an earlier message
        }
    }

    /// <summary>A node whose groups' logs keep ten messages.</summary>
    private protected Task<BackplaneNode> StartWithAShortLogAsync()
    {
        var options = BackplaneNode.PatientOptions();
        options.Group.Messages = 10;
        options.Group.Window = TimeSpan.Zero;
        return StartAsync(options);
    }

    private protected static async Task<string> PublishAsync(BackplaneNode node, Topic topic, int count)
    {
        var outcomes = await Task.WhenAll(Enumerable.Range(0, count).Select(i => node.PublishAsync(topic, $"{i}")));
        return outcomes[0].Epoch;
    }

    private async Task<int[]> OffsetsAsync(Topic topic, string epoch, long since, int limit = 1000) =>
        [.. (await B.ReadAsync(topic, epoch, since, limit)).Select(heard => (int)heard.Offset)];
}
