using System.Net;
using System.Net.Sockets;
using Chat.Tests.Support;
using Xunit;

namespace Chat.Tests.ServiceDefaults;

/// <summary>A mistake in the settings shows as one line that names the setting, and as exit code 1.</summary>
public sealed class StartErrorTests
{
    private const string Free = "http://127.0.0.1:0";

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2); // only a failing test waits this long

    [Theory]
    [InlineData("Chat.Api.dll", "ConnectionStrings__redis", "", "ConnectionStrings:redis is not set")]
    [InlineData("Chat.Api.dll", "ConnectionStrings__redis", "localhost:abc", "ConnectionStrings:redis names no server")]
    [InlineData("Chat.Api.dll", "ConnectionStrings__redis", "localhost:6379,serviceName=x", "ConnectionStrings:redis names a Sentinel service")]
    [InlineData("Chat.Api.dll", "ConnectionStrings__redis", "localhost:99999", "Actual value was 99999")]
    [InlineData("Chat.Api.dll", "ASPNETCORE_URLS", "nonsense", "ASPNETCORE_URLS has 'nonsense'")]
    [InlineData("Chat.Api.dll", "ASPNETCORE_URLS", "http://127.0.0.1:0;http://127.0.0.1:99999", "ASPNETCORE_URLS has 'http://127.0.0.1:99999'")]
    [InlineData("Chat.Api.dll", "ASPNETCORE_URLS", "http://localhost:http", "ASPNETCORE_URLS has 'http://localhost:http'")]
    [InlineData("Chat.Api.dll", "ASPNETCORE_URLS", "http://localhost:0/chat", "ASPNETCORE_URLS has 'http://localhost:0/chat'")]
    [InlineData("Chat.Api.dll", "ASPNETCORE_HTTP_PORTS", "80a", "ASPNETCORE_HTTP_PORTS has '80a'")]
    [InlineData("Chat.Api.dll", "Kestrel__Endpoints__Http__Url", "nonsense", "Kestrel:Endpoints:Http:Url has 'nonsense'")]
    [InlineData("Chat.Api.dll", "Logging__LogLevel__Default", "Lots", "Logging:LogLevel:Default is 'Lots'")]
    [InlineData("Chat.Api.dll", "Logging__Console__LogLevel__Chat", "Lots", "Logging:Console:LogLevel:Chat is 'Lots'")]
    [InlineData("Chat.Api.dll", "Chat__Backplane__GatherTime", "1", "Chat:Backplane:GatherTime must be 00:00:00 to 00:00:00.02; it is 1.00:00:00.")]
    [InlineData("Chat.Api.dll", "Chat__Chats", "lobby", "Chat:Chats is a list")]
    [InlineData("Chat.Api.dll", "Events__Messages", "group:*", "Events:Messages is a list")]
    [InlineData("Chat.Api.dll", "Chat__Nodes__Lease", "00:00:01", "Chat:Nodes:Lease must be")]
    [InlineData("Chat.Api.dll", "Chat__Nodes__Heartbeat", "soon", "'Chat:Nodes:Heartbeat'")]
    [InlineData("Chat.Api.dll", "Chat__Presence__ListSize", "10000", "Chat:Presence:ListSize (10000) must be at most 5242")]
    [InlineData("Chat.Api.dll", "Chat__Connections__OutboxBytes", "600000", "Chat:Connections:OutboxBytes (600000) must be at least 626688")]
    [InlineData("Chat.Api.dll", "Chat__Access__Rules__0__Topics", "news-*", "Chat:Access:Rules:0 has no pattern of topics; it is 'news-*'.")]
    [InlineData("Chat.Api.dll", "Chat__Access__Groups__news__Posts", "service", "Chat:Access:Groups:news:Posts is no setting; here there are Join, Post,")]
    [InlineData("Chat.Api.dll", "Chat__Access__Url", "https://localhost/access", "Chat:Access:Secret must be whsec_ and the base64")]
    [InlineData("Chat.Api.dll", "Auth__SecurityKey", "", "Outside Development, set Auth:SecurityKey")]
    [InlineData("Chat.Api.dll", "Auth__SecurityKey", "short", "Auth:SecurityKey must have 32 bytes or more; it has 5")]
    [InlineData("Chat.Api.dll", "Auth__RequireToken", "maybe", "'Auth:RequireToken'")]
    [InlineData("Chat.Api.dll", "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT", "1", "names cannot be normalized")]
    [InlineData("Chat.Api.dll", "Events__Online", "true", "Events:Url is not set")]
    [InlineData("Edge.Proxy.dll", "ConnectionStrings__redis", "", "ConnectionStrings:redis is not set")]
    [InlineData("Edge.Proxy.dll", "ASPNETCORE_URLS", "nonsense", "ASPNETCORE_URLS has 'nonsense'")]
    [InlineData("Edge.Proxy.dll", "ASPNETCORE_URLS", "http://127.0.0.1:99999", "ASPNETCORE_URLS has 'http://127.0.0.1:99999'")]
    [InlineData("Edge.Proxy.dll", "Logging__LogLevel__Default", "Lots", "Logging:LogLevel:Default is 'Lots'")]
    [InlineData("Edge.Proxy.dll", "Edge__Upstream", "chat-api", "Edge:Upstream must be")]
    public async Task Start_WithABadSetting_NamesIt(string program, string setting, string value, string expected) =>
        Assert.Contains(expected, await StartAsync(program, (setting, value)), StringComparison.Ordinal);

    // In Development the framework also checks at startup whether all services can be created.
    [Theory]
    [InlineData("Chat.Api.dll", "")]
    [InlineData("Chat.Api.dll", " ")]
    [InlineData("Edge.Proxy.dll", "")]
    public async Task Start_InDevelopment_WithoutRedis_NamesItsSetting(string program, string redis)
    {
        var line = await StartAsync(program, ("ConnectionStrings__redis", redis), ("ASPNETCORE_ENVIRONMENT", "Development"));

        Assert.Contains("ConnectionStrings:redis is not set", line, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Chat.Api.dll")]
    [InlineData("Edge.Proxy.dll")]
    public async Task Start_OnAPortInUse_NamesItAndTheSetting(string program)
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();

        var line = await StartAsync(program, ("ASPNETCORE_URLS", $"http://{taken.LocalEndpoint}"));

        Assert.Contains($"{taken.LocalEndpoint}: address already in use", line, StringComparison.Ordinal);
        Assert.Contains("EdgePort", line, StringComparison.Ordinal);
    }

    // A Redis that accepts connections and says nothing holds up the start. That of a node is held up before it listens to signals, so the system ends it.
    [Fact]
    public async Task Edge_ThatIsAskedToEndWhileItStarts_EndsInGoodOrder()
    {
        using var redis = new TcpListener(IPAddress.Loopback, 0);
        redis.Start();
        await using var process = await LaunchAsync("Edge.Proxy.dll", ("ConnectionStrings__redis", $"{redis.LocalEndpoint},connectTimeout=2000"));
        using var connection = await redis.AcceptSocketAsync().WaitAsync(Patience);

        await process.StopAsync(Patience);

        Assert.DoesNotContain("Unhandled exception", process.Output, StringComparison.Ordinal);
    }

    private static async Task<string> StartAsync(string program, params (string Key, string Value)[] settings)
    {
        await using var process = await LaunchAsync(program, settings);
        await process.ExitAsync().WaitAsync(Patience);

        Assert.Equal(1, process.ExitCode);
        Assert.DoesNotContain("crit: ", process.Output, StringComparison.Ordinal); // from services that were running by then
        return Assert.Single(process.Output.Split('\n'), line => line.StartsWith("Cannot start: ", StringComparison.Ordinal));
    }

    private static Task<ChildProcess> LaunchAsync(string program, params (string Key, string Value)[] settings)
    {
        var environment = new Dictionary<string, string>
        {
            ["ASPNETCORE_URLS"] = Free,
            ["ConnectionStrings__redis"] = "127.0.0.1:1,connectTimeout=100",
            ["Auth__SecurityKey"] = new('k', 32),
        };
        foreach (var (key, value) in settings)
        {
            environment[key] = value;
        }

        return ChildProcess.StartAsync("dotnet", [Path.Combine(AppContext.BaseDirectory, program)], environment);
    }
}
