using System.Net;
using Chat.Api.Access;
using Chat.Api.Messages;
using Chat.Api.Nodes;
using Chat.Api.Topics;
using Chat.Tests.Support;
using Chat.Tests.Topics;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Xunit;

namespace Chat.Tests.Access;

/// <summary>When the webhook is asked again about what a connection may do.</summary>
public sealed class AccessRenewalsTests
{
    private readonly ManualTimeProvider _time = new();

    /// <summary>Once, when rights had changed, the newer answer counted for two seconds, but the connection kept to the hour of the older one.</summary>
    [Fact]
    public async Task Answer_ThatCountsForLessThanTheOneBefore_IsRenewedWithinItsOwnTime()
    {
        using var webhook = new StubWebhook { Body = """{"allow":["join"],"maxAge":3600}""" };
        using var renewals = new AccessRenewals(_time, NullLogger<AccessRenewals>.Instance);
        var (sources, table) = Asking(webhook, renewals);
        var user = new UserAccess("anna", null!);
        using var connection = new ConnectionAccess(user, sources, table, TestAccess.Principal());
        user.TryAdd(connection);
        await renewals.StartAsync(CancellationToken.None);
        var member = new LocalTopic(Topic.Group("chess"), [], new TopicMetrics(NoMeters.Instance)).Join(new RecordingConnection());
        Assert.True(connection.TryHold(await connection.ReachAsync(Topic.Group("chess")), member));

        webhook.Body = """{"allow":["join"],"maxAge":2}""";
        table.AskAgain(user);
        await Eventually.TrueAsync(() =>
        {
            _time.Advance(TimeSpan.FromMilliseconds(250));
            return webhook.Questions >= 3; // whether the user may be connected, too
        });
        webhook.Body = """{"allow":[]}""";

        await Eventually.TrueAsync(() =>
        {
            _time.Advance(TimeSpan.FromMilliseconds(250));
            return !member.IsIn;
        });
        await renewals.StopAsync(CancellationToken.None);
    }

    /// <summary>Ended connections were once kept, with all their data, until half of their answers' time was over: 5 KB each for half an hour.
    /// Clients that kept coming and going filled the node's memory.</summary>
    [Fact]
    public async Task Connections_ThatHaveEnded_AreNotKept()
    {
        using var webhook = new StubWebhook { Body = """{"allow":["connect","join"],"maxAge":3600}""" };
        using var renewals = new AccessRenewals(_time, NullLogger<AccessRenewals>.Instance);
        var (sources, table) = Asking(webhook, renewals);
        var user = new UserAccess("anna", null!);
        using var stays = new ConnectionAccess(user, sources, table, TestAccess.Principal());
        await stays.AskToConnectAsync();
        var topic = new LocalTopic(Topic.Group("chess"), [], new TopicMetrics(NoMeters.Instance));

        var ended = new List<WeakReference>();
        for (var i = 0; i < 2000; i++)
        {
            ended.Add(await ComeAndGoAsync());
        }

        Assert.InRange(renewals.Count, 1, 1500);
        await Eventually.TrueAsync(() =>
        {
            GC.Collect();
            return ended.TrueForAll(static one => !one.IsAlive);
        });
        await stays.AskToConnectAsync();
        Assert.False(stays.IsOver);

        async Task<WeakReference> ComeAndGoAsync()
        {
            using var connection = new ConnectionAccess(user, sources, table, TestAccess.Principal());
            await connection.AskToConnectAsync();
            var member = topic.Join(new RecordingConnection());
            Assert.True(connection.TryHold(await connection.ReachAsync(topic.Topic), member));
            topic.Leave(member);
            return new WeakReference(connection);
        }
    }

    /// <summary>Topics that the connection had left long before were no longer in its list when it ended, and their renewals kept it in memory.</summary>
    [Fact]
    public async Task Connection_ThatHasLeftThousandsOfTopics_KeepsNothingOfThem_AndIsNotKeptByThem()
    {
        using var webhook = new StubWebhook { Body = """{"allow":["join"],"maxAge":3600}""" };
        using var renewals = new AccessRenewals(_time, NullLogger<AccessRenewals>.Instance);
        var (sources, table) = Asking(webhook, renewals);

        var ended = await ComeAndGoAsync();

        Assert.InRange(renewals.Count, 0, 3000);
        await Eventually.TrueAsync(() =>
        {
            GC.Collect();
            return !ended.IsAlive;
        });

        async Task<WeakReference> ComeAndGoAsync()
        {
            using var connection = new ConnectionAccess(new UserAccess("anna", null!), sources, table, TestAccess.Principal());
            for (var i = 0; i < 5000; i++)
            {
                var topic = new LocalTopic(Topic.Group($"g{i}"), [], new TopicMetrics(NoMeters.Instance));
                var member = topic.Join(new RecordingConnection());
                Assert.True(connection.TryHold(await connection.ReachAsync(topic.Topic), member));
                topic.Leave(member);
            }

            return new WeakReference(connection);
        }
    }

    /// <summary>Each time a backend said that answers had changed, the places of the earlier times stayed until they were due, which may take hours.</summary>
    [Fact]
    public void Renewal_ThatIsToComeEarlierAndEarlier_DoesNotFillTheMemory()
    {
        using var webhook = new StubWebhook();
        using var renewals = new AccessRenewals(_time, NullLogger<AccessRenewals>.Instance);
        var (sources, table) = Asking(webhook, renewals);
        using var connection = new ConnectionAccess(new UserAccess("anna", null!), sources, table, TestAccess.Principal());
        Renewal[] all = [.. Enumerable.Range(0, 600).Select(_ => new Renewal(connection, topic: null))];

        for (var at = 20; at > 0; at--)
        {
            Assert.All(all, renewal => renewals.Add(at, renewal));
        }

        Assert.InRange(renewals.Count, 600, 2000);
    }

    /// <summary>Nothing runs while there is nothing to renew. An answer that comes later is renewed like the first one.</summary>
    [Fact]
    public async Task Answer_AfterNoneWasLeft_IsRenewedAsTheFirst()
    {
        using var renewals = new AccessRenewals(_time, NullLogger<AccessRenewals>.Instance);
        await renewals.StartAsync(CancellationToken.None);
        foreach (var name in (string[])["anna", "ben", "carl"])
        {
            using var webhook = new StubWebhook { Body = """{"allow":["join"],"maxAge":2}""" };
            var (sources, table) = Asking(webhook, renewals);
            var user = new UserAccess(name, null!);
            using var connection = new ConnectionAccess(user, sources, table, TestAccess.Principal());
            user.TryAdd(connection);
            var member = new LocalTopic(Topic.Group("chess"), [], new TopicMetrics(NoMeters.Instance)).Join(new RecordingConnection());
            Assert.True(connection.TryHold(await connection.ReachAsync(Topic.Group("chess")), member));
            webhook.Body = """{"allow":[]}""";

            await Eventually.TrueAsync(() =>
            {
                _time.Advance(TimeSpan.FromMilliseconds(250));
                return !member.IsIn;
            });
        }

        await renewals.StopAsync(CancellationToken.None);
    }

    /// <summary>While the webhook was away, what an older token had allowed once stayed: for as long as the connection was in the topic, or to its end
    /// if it was not.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task NewerToken_WhileTheWebhookIsAway_EndsWhatOnlyTheOlderOneAllowed(bool isIn)
    {
        using var webhook = new StubWebhook { Status = HttpStatusCode.InternalServerError };
        using var renewals = new AccessRenewals(_time, NullLogger<AccessRenewals>.Instance);
        var (sources, table) = Asking(webhook, renewals);
        using var connection = new ConnectionAccess(
            new UserAccess("anna", null!), sources, table, TestAccess.Principal(("chat", """{"group:vault":["*"]}""")));
        var topic = Topic.Group("vault");
        var member = new LocalTopic(topic, [], new TopicMetrics(NoMeters.Instance)).Join(new RecordingConnection());
        Assert.True(connection.TryHold(await connection.ReachAsync(topic), member));
        if (!isIn)
        {
            member.Topic.Leave(member);
        }

        await connection.RenewAsync(TestAccess.Principal());

        Assert.False(member.IsIn);
        Assert.Equal(Rights.None, await connection.RightsAsync(topic));
        Assert.True(connection.IsUnansweredIn(topic, Rights.Post));
        (webhook.Status, webhook.Body) = (HttpStatusCode.OK, """{"allow":["post"]}""");
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(Rights.Post, await connection.RightsAsync(topic));
    }

    [Fact]
    public async Task NewerToken_WhileTheWebhookIsAway_LeavesItsEarlierAnswersTheirTime()
    {
        using var webhook = new StubWebhook();
        using var renewals = new AccessRenewals(_time, NullLogger<AccessRenewals>.Instance);
        var (sources, table) = Asking(webhook, renewals);
        using var connection = new ConnectionAccess(new UserAccess("anna", null!), sources, table, TestAccess.Principal());
        var member = new LocalTopic(Topic.Group("chess"), [], new TopicMetrics(NoMeters.Instance)).Join(new RecordingConnection());
        Assert.True(connection.TryHold(await connection.ReachAsync(Topic.Group("chess")), member));
        webhook.Status = HttpStatusCode.InternalServerError;

        _time.Advance(TimeSpan.FromSeconds(59));
        await connection.RenewAsync(TestAccess.Principal());
        Assert.True(member.IsIn);

        _time.Advance(TimeSpan.FromSeconds(1));
        await connection.RenewAsync(TestAccess.Principal());
        Assert.False(member.IsIn);
    }

    /// <summary>The answer about a topic that the connection had left, or could not join, once hid every later answer about writing to it.</summary>
    [Fact]
    public async Task Topic_ThatAConnectionIsNotIn_IsAskedAboutAgain_AndTheNewAnswerCounts()
    {
        using var webhook = new StubWebhook { Body = """{"allow":["post"],"maxAge":60}""" };
        using var renewals = new AccessRenewals(_time, NullLogger<AccessRenewals>.Instance);
        var (sources, table) = Asking(webhook, renewals);
        using var connection = new ConnectionAccess(new UserAccess("anna", null!), sources, table, TestAccess.Principal());
        var topic = Topic.Group("chess");
        Assert.Equal(Rights.Post, (await connection.ReachAsync(topic)).Now);
        Assert.True(connection.TryKnow(topic.Utf8Name.Span, out _));

        _time.Advance(TimeSpan.FromSeconds(61));
        Assert.False(connection.TryKnow(topic.Utf8Name.Span, out _));
        webhook.Body = """{"allow":[]}""";
        Assert.Equal(Rights.None, await connection.RightsAsync(topic));
        Assert.True(connection.TryKnow(topic.Utf8Name.Span, out var rights));
        Assert.Equal(Rights.None, rights);

        _time.Advance(TimeSpan.FromSeconds(61));
        webhook.Status = HttpStatusCode.InternalServerError;
        await connection.RightsAsync(topic);
        Assert.True(connection.IsUnansweredIn(topic, Rights.Post)); // the user is told to try again
    }

    private (AccessSources Sources, AccessTable Table) Asking(StubWebhook webhook, AccessRenewals renewals)
    {
        var options = Options.Create(new AccessOptions { Url = "http://webhook" });
        var metrics = new AccessMetrics(NoMeters.Instance);
        var answers = new AccessAnswers(new AccessWebhook(webhook, new UnansweredUsers(_time), new NodeIdentity(_time), options, metrics, _time, NullLogger<AccessWebhook>.Instance), options, _time);
        var sources = new AccessSources(AccessRules.Read(options.Value), answers, options);
        return (sources, new AccessTable(sources, null!, renewals, metrics, _time));
    }
}
