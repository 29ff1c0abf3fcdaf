using System.Net.ServerSentEvents;

namespace Chat.Tests.Support;

/// <summary>Server-sent events: one long answer carries everything to the client.</summary>
internal sealed class HubEventStreamLink : HubHttpLink
{
    private readonly HttpResponseMessage _stream;

    private HubEventStreamLink(HttpClient http, Uri address, string node, HttpResponseMessage stream)
        : base(http, address, node)
    {
        _stream = stream;
        Start();
    }

    public static async Task<HubEventStreamLink> ConnectAsync(HttpClient http, Uri address, string node, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        request.Headers.Accept.ParseAdd("text/event-stream");
        var stream = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        Demand(stream);
        return new HubEventStreamLink(http, address, node, stream);
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        _stream.Dispose();
    }

    protected override async Task ReceiveAsync()
    {
        await using var body = await _stream.Content.ReadAsStreamAsync(Ending);
        await foreach (var item in SseParser.Create(body, static (_, data) => data.ToArray()).EnumerateAsync(Ending))
        {
            await Received.WriteAsync(item.Data, Ending);
        }
    }
}
