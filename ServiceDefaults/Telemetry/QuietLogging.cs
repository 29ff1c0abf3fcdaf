using Microsoft.Extensions.Configuration.Memory;
using Microsoft.Extensions.Hosting;

namespace ServiceDefaults.Telemetry;

/// <summary>Log levels that leave a console readable. Any other source of <c>Logging:LogLevel:…</c> overrides them.</summary>
internal static class QuietLogging
{
    public static void AddQuietLogging(this IHostApplicationBuilder builder) =>
        builder.Configuration.Sources.Insert(0, new MemoryConfigurationSource
        {
            InitialData = new Dictionary<string, string?>
            {
                ["Logging:LogLevel:Default"] = "Information",
                // Four lines per request.
                ["Logging:LogLevel:Microsoft.AspNetCore"] = "Warning",
                // Says nothing from here on. As long as it might, every request gets an activity and a scope, and a WebSocket keeps them: a tenth of
                // what a call of the server API costs. Requests that are traced have their activity all the same.
                ["Logging:LogLevel:Microsoft.AspNetCore.Hosting.Diagnostics"] = "None",
                // Quotes request lines and headers that it cannot read, and they may contain a token. Set for each provider as well, because a level
                // for one provider takes precedence over any level for all.
                ["Logging:LogLevel:Microsoft.AspNetCore.Server.Kestrel.BadRequests"] = "None",
                ["Logging:Console:LogLevel:Microsoft.AspNetCore.Server.Kestrel.BadRequests"] = "None",
                ["Logging:OpenTelemetry:LogLevel:Microsoft.AspNetCore.Server.Kestrel.BadRequests"] = "None",
                // A critical line each time for things that a client can do hundreds of times a second, such as a request over HTTP/2 that it
                // cancels at once. The server ends the connection, and only the client is at fault.
                ["Logging:LogLevel:Microsoft.AspNetCore.Server.Kestrel.Http2"] = "None",
                // Warns about unencrypted keys, which YARP asks for and the edge does not use.
                ["Logging:LogLevel:Microsoft.AspNetCore.DataProtection"] = "Error",
                // An error with a stack for every wrong call of a client. Faults of ours are logged by Chat.Api.Hubs.HubGate.
                ["Logging:LogLevel:Microsoft.AspNetCore.SignalR.Internal.DefaultHubDispatcher"] = "None",
                ["Logging:LogLevel:Yarp"] = "Warning",
                // Dozens of lines per connect.
                ["Logging:LogLevel:StackExchange.Redis"] = "Warning",
                // A warning with a stack for every client that goes and for every failed probe. Whether a node is in
                // or out is logged elsewhere.
                ["Logging:LogLevel:Yarp.ReverseProxy.Forwarder.HttpForwarder"] = "Error",
                ["Logging:LogLevel:Yarp.ReverseProxy.Health.ActiveHealthCheckMonitor"] = "Error",
                // A failed start is thrown as well, and explained; a background service that died is logged as critical.
                ["Logging:LogLevel:Microsoft.Extensions.Hosting.Internal.Host"] = "Critical",
                // One line per probe while a check fails. The code that depends on the failing part says so once.
                ["Logging:LogLevel:Microsoft.Extensions.Diagnostics.HealthChecks"] = "None",
            },
        });
}
