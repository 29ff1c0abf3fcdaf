using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Chat.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Chat.Tests.Events;

/// <summary>A backend that receives events and handles them as docs/EVENTS.md says.</summary>
internal sealed class EventSink : IAsyncDisposable
{
    public const string Secret = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz";

    private readonly ConcurrentQueue<ToldEvent> _told = new();
    private readonly HashSet<string> _known = []; // guards itself
    private WebApplication? _app;
    private int _kept;

    /// <summary>The address, which stays the same over <see cref="StopAsync"/> and <see cref="StartAsync"/>.</summary>
    public string Url { get; } = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{TestPort.FindFree()}/events");

    /// <summary>Returns the status of the answer to a request with these events.</summary>
    public Func<IReadOnlyList<ToldEvent>, int> Answer { get; set; } = static _ => 204;

    /// <summary>The requests that get no answer until the task has ended. Null: all are answered.</summary>
    public (Func<ToldEvent, bool> Of, Task Until)? Silence { get; set; }

    /// <summary>The number of requests that were kept waiting.</summary>
    public int Kept => _kept;

    /// <summary>The number of requests with a wrong signature.</summary>
    public int Forged { get; private set; }

    /// <summary>The accepted events, each once, in the order of their arrival.</summary>
    public IReadOnlyList<ToldEvent> Told => [.. _told];

    public IEnumerable<ToldEvent> Of(string topic) => _told.Where(told => told.Topic == topic);

    public async Task StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls(new Uri(Url).GetLeftPart(UriPartial.Authority));
        _app = builder.Build();
        _app.MapPost("/events", ReceiveAsync);
        await _app.StartAsync();
    }

    public async Task StopAsync()
    {
        if (_app is { } app)
        {
            _app = null;
            await app.DisposeAsync();
        }
    }

    public async ValueTask DisposeAsync() => await StopAsync();

    private async Task ReceiveAsync(HttpContext http)
    {
        using var body = new MemoryStream();
        await http.Request.Body.CopyToAsync(body);
        var bytes = body.ToArray();
        var headers = http.Request.Headers;
        byte[] signed = [.. Encoding.UTF8.GetBytes($"{headers["webhook-id"]}.{headers["webhook-timestamp"]}."), .. bytes];
        var signature = "v1," + Convert.ToBase64String(HMACSHA256.HashData(Convert.FromBase64String(Secret[6..]), signed));
        if (headers["webhook-signature"] != signature)
        {
            Forged++;
            http.Response.StatusCode = 401;
            return;
        }

        var events = JsonDocument.Parse(bytes).RootElement.GetProperty("events").EnumerateArray().Select(ToldEvent.Parse).ToList();
        if (Silence is var (of, until) && events.Exists(told => of(told)))
        {
            Interlocked.Increment(ref _kept);
            await until.WaitAsync(http.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (!until.IsCompleted)
            {
                return; // nobody receives the answer any more
            }
        }

        var status = Answer(events);
        if (status < 300)
        {
            lock (_known)
            {
                events.Where(told => _known.Add(told.Id)).ToList().ForEach(_told.Enqueue);
            }
        }

        http.Response.StatusCode = status;
    }
}

/// <summary>An event as in docs/EVENTS.md. Fields that its type does not have are empty.</summary>
internal sealed record ToldEvent(string Id, string Type, string Topic, string Msg, string MsgId, string User, string Group, long Offset)
{
    public static ToldEvent Parse(JsonElement told)
    {
        return new ToldEvent(
            Text("id"), Text("type"), Text("topic"), Text("msg"), Text("msgId"), Text("user"), Text("group"),
            told.TryGetProperty("offset", out var offset) ? offset.GetInt64() : 0);

        string Text(string name) => told.TryGetProperty(name, out var value) ? value.GetString()! : "";
    }
}
