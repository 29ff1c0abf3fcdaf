using System.Diagnostics;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.Extensions.Options;

namespace Chat.Api.ServerApi;

/// <summary>Runs a call from its beginning to its end.</summary>
/// <remarks>It lets the call in or refuses it, waits for its body, carries it out, counts it, and turns any failure into a problem. The framework has
/// middleware for most of that, but its many small steps took longer than all other work of a call (bench/README.md).</remarks>
internal sealed partial class ApiCalls(ApiGate gate, ApiMetrics metrics, IOptions<ServerApiOptions> options, TimeProvider time, ILogger<ApiCalls> logger)
{
    /// <summary>How many bytes beyond the limit of a body are still read: as many as an edge lets pass by default. If the answer came while the edge
    /// still sent the body, the edge would answer 502, and backends retry after a 502.</summary>
    public const int ReadBeyond = 1024 * 1024;

    public async Task AnswerAsync(HttpContext http)
    {
        var began = Stopwatch.GetTimestamp();
        var call = http.GetEndpoint();
        try
        {
            if (await gate.LetsInAsync(http))
            {
                var problem = call?.RequestDelegate is null ? ApiProblem.NotFound
                    : ApiQuery.Check(http.Request) ?? await ArriveAsync(http, call);
                await (problem?.ExecuteAsync(http) ?? call!.RequestDelegate!(http));
            }

            if (!http.Response.HasStarted && ApiErrors.Of(http.Response.StatusCode) is { } unsaid)
            {
                await unsaid.ExecuteAsync(http);
            }
        }
        catch (Exception exception) when (!http.Response.HasStarted)
        {
            await FailAsync(http, exception);
        }

        metrics.Answered(call, http.User, http.Response.StatusCode, began);
    }

    /// <summary>Waits until the whole body of a call that takes one has arrived. Usually it comes along with the head, and no clock is
    /// needed.</summary>
    /// <returns>Null if the body can be read now; otherwise the reason why it cannot.</returns>
    /// <exception cref="BadHttpRequestException">The body is far too big, and its rest is not read.</exception>
    private async ValueTask<ApiProblem?> ArriveAsync(HttpContext http, Endpoint call)
    {
        if (call.Metadata.GetMetadata<IAcceptsMetadata>() is null)
        {
            return null;
        }

        if (!ApiBody.TryFindEncoding(http.Request))
        {
            return ApiProblem.NotJson;
        }

        var body = http.Request.BodyReader;
        if (body.TryRead(out var read))
        {
            body.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }

        if (read.IsCompleted)
        {
            return read.Buffer.Length > options.Value.BodyBytes ? ApiProblem.BodyTooBig : null;
        }

        using var timeout = new CancellationTokenSource(options.Value.BodyTimeout, time);
        try
        {
            var isTooBig = false;
            do
            {
                read = await body.ReadAsync(timeout.Token);
                isTooBig |= read.Buffer.Length > options.Value.BodyBytes;
                body.AdvanceTo(isTooBig ? read.Buffer.End : read.Buffer.Start, read.Buffer.End);
            }
            while (!read.IsCompleted);

            return isTooBig ? ApiProblem.BodyTooBig : null;
        }
        catch (OperationCanceledException) when (timeout.IsCancellationRequested)
        {
            return ApiProblem.BodyTooSlow;
        }
    }

    private Task FailAsync(HttpContext http, Exception exception)
    {
        var problem = ApiErrors.Of(exception, http.Request);
        if (http.RequestAborted.IsCancellationRequested && problem == ApiProblem.Fault)
        {
            return Task.CompletedTask; // nobody is left to be told
        }

        if (problem == ApiProblem.Fault)
        {
            Log.Failed(logger, exception);
        }

        return problem.ExecuteAsync(http);
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Error, EventName = "ApiCallFailed", Message = "A call of the server API failed.")]
        public static partial void Failed(ILogger logger, Exception exception);
    }
}
