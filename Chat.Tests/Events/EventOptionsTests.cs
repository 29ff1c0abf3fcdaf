using Chat.Api.Backplane;
using Chat.Api.Events;
using Chat.Api.Presence;
using Microsoft.Extensions.Options;
using Xunit;

namespace Chat.Tests.Events;

public sealed class EventOptionsTests
{
    private readonly BackplaneOptions _backplane = new();
    private readonly PresenceOptions _presence = new();
    private readonly EventOptions _options = new() { Url = "https://backend.example/events", Secret = EventSink.Secret, Messages = ["group:*"] };

    [Fact]
    public void Options_WithAUrlASecretAndSomethingToTell_AreRight() => Assert.Empty(Errors());

    [Theory]
    [InlineData(null)]
    [InlineData("")] // as from an environment variable with an empty value
    public void Options_OfNothing_AreRight(string? url)
    {
        (_options.Url, _options.Secret, _options.Messages) = (url, null, []);

        Assert.Empty(Errors());
    }

    [Fact]
    public void Url_Missing_IsToldWhereSomethingIsToBeTold()
    {
        _options.Url = null;

        Assert.StartsWith("Events:Url is not set", Assert.Single(Errors()), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("backend")]
    [InlineData("/events")]
    [InlineData("ftp://backend/events")]
    public void Url_OfAnotherKind_IsTold(string url)
    {
        _options.Url = url;

        Assert.Contains($"it is '{url}'", Assert.Single(Errors()), StringComparison.Ordinal);
    }

    [Fact]
    public void SecretPatternsAndNothingToTell_AreToldAllAtOnce()
    {
        (_options.Secret, _options.Messages, _options.Presence) = ("secret", ["room:*"], ["group:*", "users"]);

        string[] beginnings = ["Events:Secret must be whsec_", "Events:Messages has 'room:*'.", "Events:Presence has 'users'."];
        Assert.All(beginnings.Zip(Errors()), pair => Assert.StartsWith(pair.First, pair.Second, StringComparison.Ordinal));
        Assert.Equal(3, Errors().Count());
        (_options.Secret, _options.Messages, _options.Presence) = (EventSink.Secret, [], []);
        Assert.Contains("not what is to be told", Assert.Single(Errors()), StringComparison.Ordinal);
    }

    [Fact]
    public void QueueBytes_BeyondAPartitionsShare_AreRefused()
    {
        _options.QueueBytes = 16 * 1024 * 1024;

        Assert.StartsWith("Events:TotalBytes (268435456) must be at least 32 times Events:QueueBytes", Assert.Single(Errors()), StringComparison.Ordinal);
    }

    // Without a log there is no script in which a message and its event could be written together.
    [Theory]
    [InlineData("group:*", true)]
    [InlineData("*", true)]
    [InlineData("user:*", false)]
    public void Messages_OfTopicsWithoutALog_AreRefused(string pattern, bool isRefused)
    {
        _backplane.Group.Messages = 0;
        _options.Messages = [pattern];

        Assert.Equal(isRefused, Errors().Any(error => error.Contains("Chat:Backplane:Group:Messages is 0", StringComparison.Ordinal)));
    }

    [Fact]
    public void Online_WithoutPresence_IsRefused()
    {
        _presence.Enabled = false;
        _options.Online = true;

        Assert.Contains("Chat:Presence:Enabled is false", Assert.Single(Errors()), StringComparison.Ordinal);
    }

    private IEnumerable<string> Errors() =>
        new EventOptionsValidator(Options.Create(_backplane), Options.Create(_presence)).Validate(null, _options).Failures ?? [];
}
