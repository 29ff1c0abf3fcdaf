using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Chat.Tests.ServerApi;

/// <summary>Every call is counted, and so is every attempt at one.</summary>
public sealed class ApiMetricsTests
{
    [Fact]
    public async Task Calls_AreCounted_ByEndpointKeyAndOutcome_ThoseOfStrangersToo()
    {
        await using var app = ApiEndpoints.Build();
        await app.StartAsync();
        var counted = new ConcurrentQueue<string>();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, listening) =>
        {
            // Other tests have meters of this name, too.
            if (instrument.Name == "chat.api.requests" && instrument.Meter.Scope == app.Services.GetRequiredService<IMeterFactory>())
            {
                listening.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<long>((_, count, tags, _) => counted.Enqueue(string.Join(' ', tags.ToArray().Select(tag => tag.Value).Prepend(count))));
        listener.Start();
        using var http = new HttpClient { BaseAddress = new Uri(app.Urls.Single()) };

        Assert.Equal(HttpStatusCode.OK, await CallAsync(http, "nodes", ApiNodes.Key));
        Assert.Equal(HttpStatusCode.Unauthorized, await CallAsync(http, "nodes", "a guess"));
        Assert.Equal(HttpStatusCode.BadRequest, await CallAsync(http, "history?topic=x", ApiNodes.Key));
        Assert.Equal(HttpStatusCode.Unauthorized, await CallAsync(http, "nothing", "a guess"));

        Assert.Equal([$"1 nodes {ApiNodes.Backend} 200", "1 nodes none 401", $"1 history {ApiNodes.Backend} 400", "1 none none 401"], counted);
    }

    private static async Task<HttpStatusCode> CallAsync(HttpClient http, string call, string key)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "api/v1/" + call);
        request.Headers.Add("X-Api-Key", key);
        using var answer = await http.SendAsync(request);
        return answer.StatusCode;
    }
}
