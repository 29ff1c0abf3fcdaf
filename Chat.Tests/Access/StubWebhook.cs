using System.Net;

namespace Chat.Tests.Access;

/// <summary>A webhook in this process. A test sets its answers.</summary>
internal sealed class StubWebhook : HttpMessageHandler, IHttpClientFactory
{
    private TaskCompletionSource? _turn;
    private int _questions;
    private int _underWay;
    private int _mostUnderWay;

    public int Questions => Volatile.Read(ref _questions);

    /// <summary>The most questions that were under way at a time.</summary>
    public int MostUnderWay => Volatile.Read(ref _mostUnderWay);

    public HttpStatusCode Status { get; set; } = HttpStatusCode.OK;

    public string Body { get; set; } = """{"allow":["join"],"maxAge":60}""";

    public TaskCompletionSource Hold() => _turn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    public HttpClient CreateClient(string name) => new(this, disposeHandler: false);

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var underWay = Interlocked.Increment(ref _underWay);
        for (var most = MostUnderWay; underWay > most && Interlocked.CompareExchange(ref _mostUnderWay, underWay, most) != most; most = MostUnderWay)
        {
        }

        Interlocked.Increment(ref _questions);
        await (_turn?.Task ?? Task.CompletedTask);
        Interlocked.Decrement(ref _underWay);
        return new HttpResponseMessage(Status) { Content = new StringContent(Body) };
    }
}
