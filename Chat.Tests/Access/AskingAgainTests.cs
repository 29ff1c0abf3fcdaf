using Chat.Api.Access;
using Chat.Api.Messages;
using Chat.Api.Nodes;
using Chat.Api.Topics;
using Chat.Tests.Backplane;
using Chat.Tests.Support;
using Chat.Tests.Topics;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Xunit;

namespace Chat.Tests.Access;

/// <summary>How much is asked at once when much is to be asked again.</summary>
[Collection(GarnetServerGroup.Name)]
public sealed class AskingAgainTests : IAsyncLifetime, IDisposable
{
    private readonly GarnetServerFixture _redis;
    private readonly ManualTimeProvider _time = new();
    private readonly StubWebhook _webhook = new() { Body = """{"allow":["connect","join"],"maxAge":60}""" };
    private readonly IOptions<AccessOptions> _options = Options.Create(new AccessOptions { Url = "http://webhook" });
    private readonly AccessRenewals _renewals;
    private readonly AccessSources _sources;
    private RedisBackplaneNode? _node;
    private AccessTable? _table;

    public AskingAgainTests(GarnetServerFixture redis)
    {
        _redis = redis;
        _renewals = new AccessRenewals(_time, NullLogger<AccessRenewals>.Instance);
        var metrics = new AccessMetrics(NoMeters.Instance);
        var answers = new AccessAnswers(new AccessWebhook(_webhook, new UnansweredUsers(_time), new NodeIdentity(_time), _options, metrics, _time, NullLogger<AccessWebhook>.Instance), _options, _time);
        _sources = new AccessSources(AccessRules.Read(_options.Value), answers, _options);
    }

    private AccessTable Table => _table!;

    public async Task InitializeAsync()
    {
        _node = await RedisBackplaneNode.StartAsync(_redis.Server.ConnectionString, prefix: $"asking-{Guid.NewGuid():N}:");
        _table = new AccessTable(_sources, _node.Sanctions, _renewals, new AccessMetrics(NoMeters.Instance), _time);
        await _renewals.StartAsync(CancellationToken.None);
    }

    public async Task DisposeAsync()
    {
        await _renewals.StopAsync(CancellationToken.None);
        await _node!.DisposeAsync();
    }

    public void Dispose()
    {
        _renewals.Dispose();
        _webhook.Dispose();
    }

    /// <summary>After Redis had lost its data, all questions about all connections once waited for their turn at the webhook before those of users who
    /// connected.</summary>
    [Fact]
    public async Task Everybody_IsAskedAboutAgain_AThousandAtATime()
    {
        const int Users = 1200;
        var connections = await Task.WhenAll(Enumerable.Range(0, Users).Select(i => Table.EnterAsync($"u{i}", TestAccess.Principal())));
        using var watch = new SanctionWatch(Table, _node!.Sanctions, _options, _time, NullLogger<SanctionWatch>.Instance);
        await watch.StartAsync(CancellationToken.None);
        var turn = _webhook.Hold();

        await watch.OnReturned();
        await UntilAskedAsync(Users + 1000);
        turn.SetResult();
        await UntilAskedAsync(2 * Users);

        Assert.Equal(1000, _webhook.MostUnderWay);
        await watch.StopAsync(CancellationToken.None);
        Array.ForEach(connections, static connection => connection.Dispose());
    }

    /// <summary>A newer token once made the node ask about a thousand topics that the connection was no longer in.</summary>
    [Fact]
    public async Task NewerToken_OfAConnectionThatHasLeftManyTopics_IsAskedAboutAHundred_AndThoseThatItIsIn()
    {
        using var connection = await Table.EnterAsync("anna", TestAccess.Principal());
        var stays = await JoinAsync(connection, "stays");
        for (var i = 0; i < 700; i++)
        {
            var member = await JoinAsync(connection, $"g{i}");
            member.Topic.Leave(member);
        }

        await _renewals.StopAsync(CancellationToken.None); // they would ask as well
        var asked = _webhook.Questions;
        _time.Advance(TimeSpan.FromMinutes(2));
        _webhook.Body = """{"allow":["connect"]}""";
        await connection.RenewAsync(TestAccess.Principal());

        Assert.Equal(100 + 2, _webhook.Questions - asked); // about the topic that it is in, and whether it may be connected
        Assert.False(stays.IsIn);
    }

    /// <summary>Once, the topics that are about to be joined might be among those that nobody asked about.</summary>
    [Fact]
    public async Task NewerToken_WhileAConnectionIsAboutToJoin_IsNotGotRound()
    {
        using var connection = await Table.EnterAsync("anna", TestAccess.Principal());
        var reached = await connection.ReachAsync(Topic.Group("first"));
        for (var i = 0; i < 200; i++)
        {
            await connection.ReachAsync(Topic.Group($"g{i}"));
        }

        _time.Advance(TimeSpan.FromMinutes(2));
        _webhook.Body = """{"allow":["connect"]}""";
        await connection.RenewAsync(TestAccess.Principal());

        Assert.False(connection.TryHold(reached, NewMember("first")));
        Assert.True(connection.IsUnansweredIn(reached.Topic, Rights.Join)); // it is told to try again
        Assert.False((await connection.ReachAsync(reached.Topic)).May(Rights.Join));
        Assert.False(connection.IsUnansweredIn(reached.Topic, Rights.Join));
    }

    /// <summary>As a user with so many groups is when connecting, where the limits allow that.</summary>
    [Fact]
    public async Task Connection_AboutToJoinMoreThanAThousandTopics_JoinsThemAll()
    {
        const int Groups = 1100;
        using var connection = await Table.EnterAsync("anna", TestAccess.Principal());
        var reached = new List<TopicAccess>();
        for (var i = 0; i < Groups; i++)
        {
            reached.Add(await connection.ReachAsync(Topic.Group($"g{i}")));
        }

        Assert.All(reached, access => Assert.True(connection.TryHold(access, NewMember(access.Topic.Id))));
    }

    /// <summary>What was asked before counts until the connection is in the topic, and no longer.</summary>
    [Fact]
    public async Task AskAgain_WhileAConnectionIsAboutToJoin_IsAskedOnceItIsIn()
    {
        using var connection = await Table.EnterAsync("anna", TestAccess.Principal());
        var reached = await connection.ReachAsync(Topic.Group("chess"));
        _webhook.Body = """{"allow":["connect"]}""";
        Table.AskAgain(connection.User);
        var member = NewMember("chess");
        Assert.True(connection.TryHold(reached, member));

        await Eventually.TrueAsync(() =>
        {
            _time.Advance(TimeSpan.FromMilliseconds(250));
            return !member.IsIn;
        });
    }

    private static Member NewMember(string group) => new LocalTopic(Topic.Group(group), [], new TopicMetrics(NoMeters.Instance)).Join(new RecordingConnection());

    private static async Task<Member> JoinAsync(ConnectionAccess connection, string group)
    {
        var member = NewMember(group);
        Assert.True(connection.TryHold(await connection.ReachAsync(Topic.Group(group)), member));
        return member;
    }

    private Task UntilAskedAsync(int questions) => Eventually.TrueAsync(() =>
    {
        _time.Advance(TimeSpan.FromMilliseconds(10));
        return _webhook.Questions >= questions;
    });
}
