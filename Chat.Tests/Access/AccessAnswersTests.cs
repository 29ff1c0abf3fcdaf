using System.Net;
using System.Text;
using Chat.Api.Access;
using Chat.Api.Messages;
using Chat.Api.Nodes;
using Chat.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Xunit;

namespace Chat.Tests.Access;

/// <summary>Which answers of the webhook are remembered, and for how long.</summary>
public sealed class AccessAnswersTests : IDisposable
{
    private readonly ManualTimeProvider _time = new();
    private readonly StubWebhook _webhook = new();
    private readonly AccessOptions _options = new() { Url = "http://webhook", Answers = 100 };

    public void Dispose() => _webhook.Dispose();

    [Fact]
    public async Task Question_ThatSeveralHaveAtATime_IsAskedOnce()
    {
        var answers = NewAnswers();
        var turn = _webhook.Hold();
        var asking = Enumerable.Range(0, 10).Select(_ => AskAsync(answers, "anna").AsTask()).ToList();
        Assert.All(asking, one => Assert.False(one.IsCompleted));
        turn.SetResult();

        Assert.All(await Task.WhenAll(asking), one => Assert.Equal(Rights.Join, one.Rights));
        await AskAsync(answers, "anna");
        Assert.Equal(1, _webhook.Questions);
        await AskAsync(answers, "ben");
        Assert.Equal(2, _webhook.Questions);
    }

    /// <summary>The status 403 once counted for a minute, whatever was set.</summary>
    [Fact]
    public async Task Forbidden_CountsNoLongerThanAnAnswerMay()
    {
        _options.AnswerAge = TimeSpan.FromSeconds(5);
        _webhook.Status = HttpStatusCode.Forbidden;
        var answers = NewAnswers();
        Assert.Equal(Rights.None, (await AskAsync(answers, "anna")).Rights);
        _webhook.Status = HttpStatusCode.OK;
        _time.Advance(TimeSpan.FromSeconds(6));

        Assert.Equal(Rights.Join, (await AskAsync(answers, "anna")).Rights);
    }

    [Fact]
    public async Task Answer_CountsForItsTime_AndIsRenewedFromHalfOfIt()
    {
        var answers = NewAnswers();
        await AskAsync(answers, "anna");
        _time.Advance(TimeSpan.FromSeconds(29));
        await AskAsync(answers, "anna", renews: true);
        Assert.Equal(1, _webhook.Questions);

        _time.Advance(TimeSpan.FromSeconds(1));
        await AskAsync(answers, "anna");
        Assert.Equal(1, _webhook.Questions);
        await AskAsync(answers, "anna", renews: true);
        Assert.Equal(2, _webhook.Questions);

        _time.Advance(TimeSpan.FromSeconds(60));
        await AskAsync(answers, "anna");
        Assert.Equal(3, _webhook.Questions);
    }

    /// <summary>Once, an answer that took longer than it counted was over when it came. A message that had waited for it was never answered, and the
    /// webhook was asked without a pause.</summary>
    [Fact]
    public async Task Answer_ThatComesLate_CountsForASecondFromThenOn()
    {
        _webhook.Body = """{"allow":["post"],"maxAge":1}""";
        var answers = NewAnswers();
        var turn = _webhook.Hold();
        var asking = AskAsync(answers, "anna").AsTask();
        await Eventually.TrueAsync(() => _webhook.Questions == 1);
        _time.Advance(TimeSpan.FromSeconds(1.2));
        turn.SetResult();
        await asking;

        _time.Advance(TimeSpan.FromSeconds(0.4));
        await AskAsync(answers, "anna", renews: true);
        _time.Advance(TimeSpan.FromSeconds(0.5));
        Assert.Equal(Rights.Post, (await AskAsync(answers, "anna")).Rights);
        Assert.Equal(1, _webhook.Questions);
        _time.Advance(TimeSpan.FromSeconds(0.1));
        await AskAsync(answers, "anna");
        Assert.Equal(2, _webhook.Questions);
    }

    [Fact]
    public async Task Webhook_ThatIsAway_LeavesAnswersTheirTime_AndIsNotAskedAgainAtOnce()
    {
        var answers = NewAnswers();
        await AskAsync(answers, "anna");
        _webhook.Status = HttpStatusCode.InternalServerError;
        _time.Advance(TimeSpan.FromSeconds(40));
        Assert.True((await AskAsync(answers, "anna", renews: true)).IsAway);
        Assert.Equal((false, Rights.Join), await AskAsync(answers, "anna") is var kept ? (kept.IsAway, kept.Rights) : default);

        _time.Advance(TimeSpan.FromSeconds(21));
        Assert.True((await AskAsync(answers, "anna")).IsAway);
        var questions = _webhook.Questions;
        Assert.True((await AskAsync(answers, "anna")).IsAway);
        Assert.Equal(questions, _webhook.Questions);

        _webhook.Status = HttpStatusCode.OK;
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(Rights.Join, (await AskAsync(answers, "anna")).Rights);
    }

    [Fact]
    public async Task Forget_MakesAUserBeAskedAnew_EvenWhileAnAnswerIsOnItsWay()
    {
        var answers = NewAnswers();
        var turn = _webhook.Hold();
        var before = AskAsync(answers, "anna").AsTask();
        answers.Forget("anna");
        _webhook.Body = """{"allow":["post"]}""";
        var after = AskAsync(answers, "anna").AsTask();
        turn.SetResult();
        await before;

        Assert.Equal(Rights.Post, (await after).Rights);
        Assert.Equal(Rights.Post, (await AskAsync(answers, "anna")).Rights);
        Assert.Equal(2, _webhook.Questions);
    }

    [Fact]
    public async Task Answers_AreNoMoreThanTheSetting()
    {
        var answers = NewAnswers();
        for (var i = 0; i < 1000; i++)
        {
            await AskAsync(answers, $"user{i % 250}", $"group:{i}");
            Assert.InRange(answers.Count, 1, 100);
        }

        await AskAsync(answers, "user249", "group:999");
        Assert.Equal(1000, _webhook.Questions); // the newest is there
    }

    [Theory]
    [InlineData("Refuse", 0, 0)]
    [InlineData("Allow", (int)(Rights.All & ~Rights.Post), (int)Rights.Connect)]
    public async Task WhenAway_DecidesWhatCounts(string whenAway, int inNews, int connect)
    {
        (_webhook.Status, _options.WhenAway, _options.Groups["news"]) = (HttpStatusCode.BadGateway, Enum.Parse<WhenAway>(whenAway), new AccessRule { Post = "nobody" });
        var sources = new AccessSources(AccessRules.Read(_options), NewAnswers(), Options.Create(_options));
        var anna = new Asker("anna", null, []);

        var answer = await sources.AskAsync(anna, Topic.Group("news"));
        Assert.Equal((Rights)inNews, answer.Rights);
        Assert.Equal((true, whenAway == "Refuse"), (answer.IsAway, answer.IsRefusal)); // where the settings have decided, nobody has to come again
        Assert.Equal((Rights)connect, (await sources.AskToConnectAsync(anna)).Rights);
        Assert.Equal(Rights.All, (await sources.AskAsync(anna, Topic.User("anna"))).Rights); // the webhook is not asked about a user's own topic
    }

    [Theory]
    [InlineData("""{"allow":["*"],"maxAge":0}""", (int)Rights.All, 1)]
    [InlineData("""{"allow":["join","fly"],"maxAge":7.5}""", (int)Rights.Join, 7.5)]
    [InlineData("""{"allow":[],"maxAge":1e300}""", (int)Rights.None, 3600)]
    [InlineData("""{"allow":null,"maxAge":null,"more":{"of":["it"]}}""", null, 60)]
    [InlineData("{}", null, 60)]
    [InlineData("""{"Allow":[],"MaxAge":5}""", (int)Rights.None, 5)]
    public void Answer_IsReadLeniently_ButForItsShape(string json, int? rights, double seconds) =>
        Assert.Equal(new WebhookAnswer((Rights?)rights, TimeSpan.FromSeconds(seconds)), WebhookAnswer.Parse(Encoding.UTF8.GetBytes(json), TimeSpan.FromHours(1)));

    private static ValueTask<TimedAnswer> AskAsync(AccessAnswers answers, string user, string topic = "group:chess", bool renews = false) =>
        answers.AskAsync(user, topic, Rights.All, renews);

    private AccessAnswers NewAnswers()
    {
        var options = Options.Create(_options);
        var webhook = new AccessWebhook(_webhook, new UnansweredUsers(_time), new NodeIdentity(_time), options, new AccessMetrics(NoMeters.Instance), _time, NullLogger<AccessWebhook>.Instance);
        return new AccessAnswers(webhook, options, _time);
    }
}
