using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using Chat.Api.Webhooks;
using Chat.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Chat.Tests.Access;

/// <summary>The smallest possible backend that decides about rights. It refuses unsigned requests.</summary>
internal sealed class TestWebhook : IAsyncDisposable
{
    public const string Secret = "whsec_dGhlIHNlY3JldCBvZiB0aGVzZSB0ZXN0cywgdGhpcnR5LXR3byBieXRlcw==";

    private readonly WebApplication _app;
    private readonly ConcurrentQueue<Asked> _questions = [];

    private TestWebhook()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        _app = builder.Build();
        _app.Map("/{**path}", AnswerAsync);
    }

    public string Url => _app.Urls.Single() + "/access";

    /// <summary>The questions so far, oldest first.</summary>
    public IReadOnlyCollection<Asked> Questions => _questions;

    /// <summary>Answers instead of the properties below. Null: <see cref="Allow"/> decides.</summary>
    public Func<HttpContext, Asked, Task>? Instead { get; set; }

    /// <summary>The rights to grant, as JSON: <c>["join"]</c>.</summary>
    public Func<Asked, string> Allow { get; set; } = static _ => """["*","connect"]""";

    /// <summary>How long answers count, in seconds.</summary>
    public double MaxAge { get; set; } = 60;

    public static async Task<TestWebhook> StartAsync()
    {
        var webhook = new TestWebhook();
        await webhook._app.StartAsync();
        return webhook;
    }

    public int Count(string user, string? topic) => _questions.Count(asked => asked.User == user && asked.Topic == topic);

    /// <summary>Returns when the node that asked has hung up.</summary>
    public static async Task GivenUpAsync(HttpContext http)
    {
        var givenUp = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = http.RequestAborted.Register(givenUp.SetResult);
        await givenUp.Task.WaitAsync(ChatClient.Deadline);
    }

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();

    private async Task AnswerAsync(HttpContext http)
    {
        using var body = new MemoryStream();
        await http.Request.Body.CopyToAsync(body);
        var headers = http.Request.Headers;
        var (id, timestamp) = (headers[WebhookSignature.IdHeader].ToString(), long.Parse(headers[WebhookSignature.TimestampHeader]!, System.Globalization.CultureInfo.InvariantCulture));
        if (!WebhookSignature.TryParse(Secret, out var signature)
            || !headers[WebhookSignature.SignatureHeader].ToString().Split(' ').Contains(signature.Of(id, timestamp, body.ToArray()))
            || Math.Abs(DateTimeOffset.UtcNow.ToUnixTimeSeconds() - timestamp) > 300)
        {
            http.Response.StatusCode = 401;
            return;
        }

        var asked = JsonSerializer.Deserialize<Asked>(body.ToArray(), JsonSerializerOptions.Web)! with { Id = id, Path = http.Request.Path };
        _questions.Enqueue(asked);
        await (Instead?.Invoke(http, asked) ?? http.Response.WriteAsync(
            string.Create(System.Globalization.CultureInfo.InvariantCulture, $$"""{"allow":{{Allow(asked)}},"maxAge":{{MaxAge}}}"""), Encoding.UTF8));
    }
}

/// <summary>A question as the webhook received it.</summary>
internal sealed record Asked(string User, string? Topic, string[] Want, string Node, string Id = "", string Path = "");
