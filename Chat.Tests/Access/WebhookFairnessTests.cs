using System.Globalization;
using Chat.Tests.Support;
using Microsoft.AspNetCore.Http;
using Xunit;
using Xunit.Abstractions;

namespace Chat.Tests.Access;

/// <summary>A webhook that fails or hangs on questions about a few users.</summary>
public sealed class WebhookFairnessTests(WebhookCluster fixture, ITestOutputHelper output) : IClassFixture<WebhookCluster>, IDisposable
{
    private readonly string _anna = $"anna-{Guid.NewGuid():N}";
    private readonly string _ben = $"ben-{Guid.NewGuid():N}";
    private readonly string _group = $"chess-{Guid.NewGuid():N}";

    private TestWebhook Webhook => fixture.Webhook;

    public void Dispose() => output.WriteLine(fixture.Cluster.Log());

    /// <summary>Questions about these users were once nearly all questions of the last seconds, so for the next second no questions were asked at all.</summary>
    [Theory]
    [InlineData("500")]
    [InlineData("502")]
    [InlineData("503")]
    [InlineData("crash")]
    [InlineData("huge")]
    public async Task Webhook_ThatFailsAtOneUsersQuestions_IsAskedAboutOthers(string how)
    {
        Webhook.Instead = (http, asked) => IsAnnas(asked) ? FailAsync(http, how) : AllowAsync(http);
        for (var i = 0; i < 15; i++)
        {
            await Task.WhenAll(AskForMany($"{i}", users: 1));
        }

        await using var ben = await ConnectAsync($"/chat/group/{_group}/{_ben}");
    }

    /// <summary>Questions about these users once took all places again and again, and everybody else waited as long as they do.</summary>
    [Fact]
    public async Task Webhook_ThatHangsAtAFewUsersQuestions_KeepsNobodyElseWaiting()
    {
        Webhook.Instead = (http, asked) => IsAnnas(asked) ? TestWebhook.GivenUpAsync(http) : AllowAsync(http);
        for (var i = 0; i < 20; i++)
        {
            await using var other = await ConnectAsync($"/chat/user/other{i}-{_ben}"); // so that the webhook is not taken to be away
        }

        await Task.WhenAll(AskForMany("first", users: 4));
        var asking = AskForMany("second", users: 4);
        await Eventually.TrueAsync(() => Webhook.Questions.Count(asked => asked.Topic?.StartsWith($"group:{_group}-second", StringComparison.Ordinal) == true) >= 16);
        await using var ben = await ConnectAsync($"/chat/group/{_group}/{_ben}");

        Assert.DoesNotContain(asking, one => one.IsCompleted);
        await Task.WhenAll(asking);
    }

    private static Task AllowAsync(HttpContext http) => http.Response.WriteAsync("""{"allow":["*","connect"]}""");

    private static Task FailAsync(HttpContext http, string how)
    {
        switch (how)
        {
            case "crash":
                http.Abort();
                return Task.CompletedTask;
            case "huge":
                return http.Response.WriteAsync(new string(' ', 20_000));
            default:
                http.Response.StatusCode = int.Parse(how, CultureInfo.InvariantCulture);
                return Task.CompletedTask;
        }
    }

    private bool IsAnnas(Asked asked) => asked.User.StartsWith(_anna, StringComparison.Ordinal) && asked.Topic is not null;

    // As many connections as a user may have.
    private List<Task> AskForMany(string what, int users) =>
        [.. Enumerable.Range(0, users * 20).Select(i => Assert.ThrowsAsync<RefusedException>(() => ConnectAsync($"/chat/group/{_group}-{what}-{i}/{_anna}-{i / 20}")))];

    private Task<ChatClient> ConnectAsync(string path) => fixture.Cluster.ConnectAsync(0, path);
}
