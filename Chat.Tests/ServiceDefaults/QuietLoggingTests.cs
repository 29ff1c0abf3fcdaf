using Chat.Tests.Support;
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

    /// <summary>Two errors of thirty lines each, from whoever sends over TLS what cannot be deciphered.</summary>
    [Fact]
    public async Task WhatClientsCanDoToTheirConnections_IsNothingToLog_AndFaultsOfOursAre()
    {
        var log = new ResourceLog();
        var builder = WebApplication.CreateBuilder();
        builder.AddServiceDefaults();
        builder.Logging.AddProvider(log.AsProvider());
        await using var app = builder.Build();
        var server = app.Services.GetRequiredService<ILoggerFactory>().CreateLogger("Microsoft.AspNetCore.Server.Kestrel");

        server.Log(LogLevel.Error, 0, "write", new IOException("The encryption operation failed."), static (text, _) => text);
        server.Log(LogLevel.Error, 67, "drain", new InvalidOperationException("Reading is already in progress."), static (text, _) => text);
        server.Log(LogLevel.Error, 13, "fault", new IOException("No space left on device."), static (text, _) => text);
        var taken = new IOException("Address already in use.");
        server.Log(LogLevel.Critical, 0, "bind", taken, static (text, _) => text);
        server.Log(LogLevel.Error, 0, "other", new InvalidOperationException("Something is wrong."), static (text, _) => text);

        var lines = log.Take();
        Assert.DoesNotContain("write", lines, StringComparison.Ordinal);
        Assert.DoesNotContain("drain", lines, StringComparison.Ordinal);
        Assert.Contains("Kestrel: fault", lines, StringComparison.Ordinal);
        Assert.Contains("Kestrel: bind", lines, StringComparison.Ordinal);
        Assert.Contains("Kestrel: other", lines, StringComparison.Ordinal);
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
