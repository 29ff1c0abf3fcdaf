using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;
using ServiceDefaults;
using Xunit;

namespace Chat.Tests.ServiceDefaults;

public sealed class HealthEndpointTests
{
    /// <summary>A WebSocket of HTTP/2 is a CONNECT and cannot be answered with a text. Such a request once caused an error in the log.</summary>
    [Theory]
    [InlineData("GET", HttpStatusCode.OK)]
    [InlineData("HEAD", HttpStatusCode.OK)]
    [InlineData("POST", HttpStatusCode.MethodNotAllowed)]
    public async Task Alive_IsForThoseWhoRead(string method, HttpStatusCode expected)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.AddServiceDefaults();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        await using var app = builder.Build();
        app.MapDefaultEndpoints();
        await app.StartAsync();
        using var http = new HttpClient();

        using var request = new HttpRequestMessage(new HttpMethod(method), app.Urls.Single() + "/alive");
        using var answer = await http.SendAsync(request);

        Assert.Equal(expected, answer.StatusCode);
    }
}
