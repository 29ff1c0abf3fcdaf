using System.Net;

namespace Chat.Tests.Access;

/// <summary>A webhook in this process. A test sets its answers.</summary>
internal sealed class StubWebhook : HttpMessageHandler, IHttpClientFactory
{
    private TaskCompletionSource? _turn;
    private int _questions;

    public int Questions => Volatile.Read(ref _questions);

    public HttpStatusCode Status { get; set; } = HttpStatusCode.OK;

    public string Body { get; set; } = """{"allow":["join"],"maxAge":60}""";

    public TaskCompletionSource Hold() => _turn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    public HttpClient CreateClient(string name) => new(this, disposeHandler: false);

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _questions);
        await (_turn?.Task ?? Task.CompletedTask);
        return new HttpResponseMessage(Status) { Content = new StringContent(Body) };
    }
}
