using System.Collections.Concurrent;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Chat.Tests.Support;

/// <summary>Receives the traces, metrics and logs (OTLP over HTTP) of a process under test, so that a test can inspect them.</summary>
internal sealed class OtlpSink : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentQueue<string> _traces = [];
    private readonly ConcurrentQueue<string> _others = [];
    private readonly TaskCompletionSource _asked = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private OtlpSink(bool answers)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        _app = builder.Build();
        _app.MapPost("/v1/{kind}", async (string kind, HttpContext http) =>
        {
            _asked.TrySetResult();
            if (!answers)
            {
                var gone = new TaskCompletionSource();
                using var _ = http.RequestAborted.Register(gone.SetResult);
                await gone.Task; // the sender gives up
                return;
            }

            using var body = new MemoryStream();
            await http.Request.Body.CopyToAsync(body);
            // Strings appear unchanged in the protobuf.
            (kind == "traces" ? _traces : _others).Enqueue(Encoding.Latin1.GetString(body.ToArray()));
        });
    }

    /// <summary>The settings that make a process send everything here, at once.</summary>
    public (string Key, string Value)[] Settings =>
    [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", _app.Urls.Single()),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"),
        ("OTEL_BSP_SCHEDULE_DELAY", "50"),
        ("OTEL_BLRP_SCHEDULE_DELAY", "50"),
        ("OTEL_METRIC_EXPORT_INTERVAL", "100"),
    ];

    public IEnumerable<string> Traces => _traces;

    public IEnumerable<string> All => _traces.Concat(_others);

    /// <summary>Completes when a request has arrived.</summary>
    public Task Asked => _asked.Task.WaitAsync(ChatClient.Deadline);

    /// <param name="answers">Whether it answers requests; otherwise it lets the sender wait.</param>
    public static async Task<OtlpSink> StartAsync(bool answers = true)
    {
        var sink = new OtlpSink(answers);
        await sink._app.StartAsync();
        return sink;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
