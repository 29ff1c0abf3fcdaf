using Chat.Api.Access;
using Chat.Api.Auth;
using Chat.Api.Messages;
using Xunit;

namespace Chat.Tests.Access;

/// <summary>Which rule decides about a right: first a ban or mute, then the token, then the settings; without any it is granted.</summary>
public sealed class PrecedenceTests
{
    private static readonly Topic News = Topic.Group("news-de");

    [Fact]
    public async Task Nothing_AllowsEverything() => Assert.Equal(Rights.All, await RightsAsync(new AccessOptions(), News));

    [Fact]
    public async Task Settings_DecideByTheMostSpecificPattern()
    {
        var options = Groups(("*", new AccessRule { Join = "nobody" }), ("news-*", new AccessRule { Post = "service, editor" }));

        Assert.Equal(Rights.Post, await RightsAsync(options, Topic.Group("chess"))); // the right to join includes seeing and reading, and nobody may join
        Assert.Equal(Rights.All & ~Rights.Post, await RightsAsync(options, News));
        Assert.Equal(Rights.All, await RightsAsync(options, News, ("role", "editor")));
        Assert.Equal(Rights.All, await RightsAsync(options, News, ("roles", "service")));
        Assert.Equal(Rights.All & ~Rights.Post, await RightsAsync(options, News, ("role", "Editor")));
        Assert.Equal(Rights.All, await RightsAsync(options, Topic.All));
    }

    [Fact]
    public async Task Settings_HaveEachRightApart()
    {
        var options = Groups(("*", new AccessRule { Join = "everybody", Post = "nobody", Presence = "nobody", History = "service" }));

        Assert.Equal(Rights.Join, await RightsAsync(options, News));
        Assert.Equal(Rights.Join | Rights.History, await RightsAsync(options, News, ("role", "service")));
    }

    [Fact]
    public async Task Settings_OfUsersAndOfAll_AreForThose()
    {
        var options = new AccessOptions
        {
            Rules =
            [
                new TopicRule { Topics = "all", Post = "nobody" },
                new TopicRule { Topics = "user:*", Post = "nobody" },
                new TopicRule { Topics = "user:help", Join = "nobody" },
            ],
        };

        Assert.Equal(Rights.All & ~Rights.Post, await RightsAsync(options, Topic.All));
        Assert.Equal(Rights.None, await RightsAsync(options, Topic.User("ben")) & Rights.Post);
        Assert.Equal(Rights.Post, await RightsAsync(options, Topic.User("help")) & Rights.Post);
        Assert.Equal(Rights.All, await RightsAsync(options, News));
    }

    [Fact]
    public async Task Token_DecidesWhereItNamesTheTopic_AndNowhereElse()
    {
        var options = Groups(("news-*", new AccessRule { Post = "nobody" }), ("chess", new AccessRule { Post = "nobody" }));
        (string, string) claim = (TokenRights.Claim, """{"group:news-*":["join","post"],"group:*":["join"],"group:news-fr":[]}""");

        Assert.Equal(Rights.Join | Rights.Post, await RightsAsync(options, News, claim));
        Assert.Equal(Rights.None, await RightsAsync(options, Topic.Group("news-fr"), claim));
        Assert.Equal(Rights.Join, await RightsAsync(options, Topic.Group("chess"), claim));
        Assert.Equal(Rights.All, await RightsAsync(options, Topic.All, claim)); // the claim does not name the topic, so the settings decide, and they say nothing
        Assert.Equal(Rights.None, await RightsAsync(options, Topic.All, (TokenRights.Claim, """{"*":[]}""")));
    }

    [Fact]
    public async Task Patterns_ThatSayAsMuch_AllowOnlyWhatAllOfThemDo()
    {
        Assert.Equal(Rights.Join, await RightsAsync(new AccessOptions(), Topic.Group("ab"), (TokenRights.Claim, """{"group:a*":["join","post"],"group:*b":["join","history"]}""")));
        Assert.Equal(Rights.Join | Rights.History, await RightsAsync(Groups(("a*", new AccessRule { Post = "nobody" }), ("*b", new AccessRule { Presence = "nobody" })), Topic.Group("ab")));
    }

    [Fact]
    public async Task OnesOwnTopic_IsAlwaysHeard()
    {
        var own = await RightsAsync(new AccessOptions(), Topic.User("anna"), (TokenRights.Claim, """{"*":[]}"""));

        Assert.Equal(Rights.Join | Rights.History, own);
    }

    [Fact]
    public void Sanctions_TakeAwayWhateverAnybodyGrants()
    {
        var time = new Support.ManualTimeProvider();
        var sanctions = new UserSanctions(
            [
                (new Sanction(SanctionKind.Ban, "anna", News, null, ""), TimeSpan.FromMinutes(1)),
                (new Sanction(SanctionKind.Mute, "anna", null, null, ""), TimeSpan.FromMinutes(2)),
            ],
            time);
        Assert.Equal((Rights.All, Rights.Post, null), (sanctions.DeniedIn(News), sanctions.DeniedIn(Topic.All), sanctions.Ban));

        time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal((Rights.Post, true), (sanctions.DeniedIn(News), sanctions.HasEnded));

        time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(Rights.None, sanctions.DeniedIn(News));
        Assert.True(sanctions.Rest().IsEmpty);
    }

    [Theory]
    [InlineData("Post", "")]
    [InlineData("Post", ",")]
    [InlineData("Join", "everybody, service")]
    [InlineData("History", "nobody,everybody")]
    public void Rule_ThatIsNone_IsToldWithItsSetting(string right, string value)
    {
        var rule = new AccessRule();
        typeof(AccessRule).GetProperty(right)!.SetValue(rule, value);

        Assert.StartsWith($"Chat:Access:Groups:news:{right} must be everybody, nobody, or roles", Assert.Single(AccessRules.Errors(Groups(("news", rule)))), StringComparison.Ordinal);
    }

    [Fact]
    public void Pattern_ThatIsNone_IsToldWithItsSetting() =>
        Assert.Equal(
            ["Chat:Access:Groups:\u202e has no pattern of topics", "Chat:Access:Rules:0 has no pattern of topics", "Chat:Access:Rules:1 has no pattern of topics"],
            AccessRules.Errors(new AccessOptions { Groups = { ["\u202e"] = new() }, Rules = [new TopicRule(), new TopicRule { Topics = "news-*" }] })
                .Select(error => error.Split(';')[0]));

    private static AccessOptions Groups(params (string Pattern, AccessRule Rule)[] rules)
    {
        var options = new AccessOptions();
        foreach (var (pattern, rule) in rules)
        {
            options.Groups[pattern] = rule;
        }

        return options;
    }

    private static ValueTask<Rights> RightsAsync(AccessOptions options, Topic topic, params (string, string)[] claims) =>
        TestAccess.Of("anna", options, claims).RightsAsync(topic);
}
