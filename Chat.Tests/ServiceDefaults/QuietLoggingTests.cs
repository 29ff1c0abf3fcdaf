using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using ServiceDefaults;
using Xunit;

namespace Chat.Tests.ServiceDefaults;

public sealed class QuietLoggingTests
{
    // If this logger is enabled for any level, the server creates an activity and a scope for every request, and a WebSocket keeps them.
    [Fact]
    public async Task Requests_AreNothingToLog_UnlessOneSaysSo()
    {
        await using var quiet = Build();
        await using var loud = Build("--Logging:LogLevel:Microsoft.AspNetCore.Hosting.Diagnostics=Information");

        Assert.False(IsEnabled(quiet, "Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.Critical));
        Assert.True(IsEnabled(loud, "Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.Information));
        Assert.True(IsEnabled(quiet, "Microsoft.AspNetCore.Server.Kestrel", LogLevel.Error)); // logs why a request failed
    }

    // A client that sends HTTP/2 requests and cancels them could cause hundreds of critical lines a second.
    [Fact]
    public async Task ConnectionsOfHttp2_AreNothingToLog()
    {
        await using var quiet = Build();

        Assert.False(IsEnabled(quiet, "Microsoft.AspNetCore.Server.Kestrel.Http2", LogLevel.Critical));
    }

    private static WebApplication Build(params string[] args)
    {
        var builder = WebApplication.CreateBuilder(args);
        builder.AddServiceDefaults();
        return builder.Build();
    }

    private static bool IsEnabled(WebApplication app, string category, LogLevel level) =>
        app.Services.GetRequiredService<ILoggerFactory>().CreateLogger(category).IsEnabled(level);
}
