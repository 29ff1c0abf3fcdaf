using System.Diagnostics;
using Chat.Api.Messages;
using Xunit;

namespace Chat.Tests.Access;

public sealed class TopicPatternTests
{
    [Theory]
    [InlineData("group:news", "group:news", true)]
    [InlineData("group:news", "group:News", false)]
    [InlineData("group:news", "group:news2", false)]
    [InlineData("group:team-*", "group:team-7", true)]
    [InlineData("group:team-*", "group:team-", true)]
    [InlineData("group:team-*", "group:team", false)]
    [InlineData("group:team-*", "user:team-7", false)]
    [InlineData("group:*-news", "group:de-news", true)]
    [InlineData("group:*-news", "group:de-news-2", false)]
    [InlineData("group:a*b*c", "group:abc", true)]
    [InlineData("group:a*b*c", "group:a-b-b-c", true)]
    [InlineData("group:a*b*c", "group:acb", false)]
    [InlineData("group:ab*ba", "group:aba", false)] // the two ends must not share a letter
    [InlineData("group:**", "group:x", true)]
    [InlineData("group:*", "all", false)]
    [InlineData("*", "all", true)]
    [InlineData("*", "user:anna", true)]
    [InlineData("all", "all", true)]
    [InlineData("user:a?na", "user:anna", false)]
    [InlineData("user:a.*", "user:anna", false)]
    [InlineData("user:[a]*", "user:[a]nna", true)]
    [InlineData("group:caf\u00e9*", "group:caf\u00e9-1", true)]
    [InlineData("group:cafe\u0301*", "group:caf\u00e9-1", true)] // written in another normalization form than names are
    public void Pattern_MatchesNames(string text, string name, bool expected)
    {
        Assert.True(TopicPattern.TryParse(text, out var pattern));
        Assert.Equal(expected, pattern.Matches(name));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("team-*")]
    [InlineData("groups:team-*")]
    [InlineData("al*")]
    [InlineData("group:a\nb")]
    [InlineData("group:\u202ea")]
    [InlineData("group:\ud800*")]
    public void Pattern_ThatNoTopicCouldMatch_IsNone(string? text) => Assert.False(TopicPattern.TryParse(text, out _));

    [Fact]
    public void Pattern_ThatIsTooLong_IsNone()
    {
        Assert.True(TopicPattern.TryParse("group:" + new string('a', TopicPattern.MaxChars - 6), out _));
        Assert.False(TopicPattern.TryParse("group:" + new string('a', TopicPattern.MaxChars - 5), out _));
    }

    [Theory]
    [InlineData("group:news", "exact")]
    [InlineData("group:news-de", "longer")]
    [InlineData("group:news-", "longer")]
    [InlineData("group:chess", "group")]
    [InlineData("all", "any")]
    public void MostSpecific_IsTheOneWithMostToSay(string name, string expected)
    {
        (TopicPattern, string)[] patterns = [.. new[] { ("*", "any"), ("group:*", "group"), ("group:news", "exact"), ("group:news*", "shorter"), ("group:news-*", "longer") }
            .Select(one => (Parse(one.Item1), one.Item2))];

        Assert.Equal([expected], TopicPattern.MostSpecific(patterns, name));
        Assert.Equal([expected], TopicPattern.MostSpecific(patterns.Reverse(), name));
    }

    [Fact]
    public void MostSpecific_WherePatternsSayAsMuch_IsAllOfThem()
    {
        (TopicPattern, string)[] patterns = [(Parse("group:a*"), "a"), (Parse("group:*b"), "b"), (Parse("group:**b"), "more stars")];

        Assert.Equal(["a", "b"], TopicPattern.MostSpecific(patterns, "group:ab"));
        Assert.Empty(TopicPattern.MostSpecific(patterns, "group:x"));
    }

    // Matchers that backtrack take longer than the age of the universe for these.
    [Fact]
    public void HostilePattern_CostsNoMoreThanTheTextsAreLong()
    {
        var name = "group:" + new string('a', ChatId.MaxBytes);
        (TopicPattern, int)[] patterns = [.. Enumerable.Range(0, 700).Select(i => (Parse("group:" + string.Concat(Enumerable.Repeat("*a", 120)) + (i % 2 == 0 ? "*b" : "b*")), i))];
        var started = Stopwatch.GetTimestamp();

        for (var round = 0; round < 10; round++)
        {
            Assert.Empty(TopicPattern.MostSpecific(patterns, name));
        }

        Assert.True(Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(10)); // takes milliseconds; with backtracking it would not end
    }

    private static TopicPattern Parse(string text) => TopicPattern.TryParse(text, out var pattern) ? pattern : throw new ArgumentException(text);
}
