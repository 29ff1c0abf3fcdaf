using Chat.Tests.Support;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Protocol;
using Microsoft.AspNetCore.SignalR.StackExchangeRedis;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using StackExchange.Redis;
using Xunit;

namespace Chat.Tests.Hubs.Offline;

/// <summary>The hub as an application registers it.</summary>
[Collection(RedisServerGroup.Name)]
[RunsOn(RedisKind.Redis)]
public sealed class RegistrationTests(RedisServerFixture redis)
{
    [RedisFact]
    public async Task ConnectionString_IsWhereTheHubsMeet()
    {
        await using var a = Build(signalR => signalR.AddStackExchangeRedis(redis.Server.ConnectionString));
        await using var b = Build(signalR => signalR.AddStackExchangeRedis(
            redis.Server.ConnectionString, options => options.Configuration.ClientName = "b"));
        Assert.Equal("b", b.GetRequiredService<IOptions<RedisOptions>>().Value.Configuration.ClientName);
        await using var client = await ConnectAsync(a);

        await b.GetRequiredService<IHubContext<SignalHub>>().Clients.User("anna").SendAsync("hi", "anna");

        Assert.Equal("hi(anna)", await client.NextAsync());
    }

    [RedisFact]
    public async Task ConnectionFactory_GivesTheConnection_AndKeepsIt()
    {
        using var shared = await ConnectionMultiplexer.ConnectAsync(redis.Server.ConnectionString);
        var asked = 0;
        await using (var services = Build(signalR => signalR.AddStackExchangeRedis(options => options.ConnectionFactory = _ =>
        {
            asked++;
            return Task.FromResult<IConnectionMultiplexer>(shared);
        })))
        {
            await using var client = await ConnectAsync(services);
            await services.GetRequiredService<IHubContext<SignalHub>>().Clients.All.SendAsync("hi", "all");
            Assert.Equal("hi(all)", await client.NextAsync());
        }

        Assert.Equal(1, asked);
        await shared.GetDatabase().PingAsync();
    }

    [RedisFact]
    public async Task ConnectionFactory_ThatFails_IsAskedAgain()
    {
        using var shared = await ConnectionMultiplexer.ConnectAsync(redis.Server.ConnectionString);
        var asked = 0;
        await using var services = Build(signalR => signalR.AddStackExchangeRedis(options => options.ConnectionFactory = _ =>
            asked++ == 0 ? throw new InvalidOperationException("Not yet.") : Task.FromResult<IConnectionMultiplexer>(shared)));

        await Assert.ThrowsAsync<InvalidOperationException>(() => ConnectAsync(services));
        await using var client = await ConnectAsync(services);
        await services.GetRequiredService<IHubContext<SignalHub>>().Clients.All.SendAsync("hi", "all");

        Assert.Equal("hi(all)", await client.NextAsync());
    }

    [RedisFact]
    public async Task Protocols_ThatTheHubDoesNotSupport_AreNotWritten()
    {
        var other = new CountingProtocol("other");
        await using var services = Build(signalR =>
        {
            signalR.Services.AddSingleton<IHubProtocol>(other);
            signalR.AddHubOptions<SignalHub>(options => options.SupportedProtocols = ["json"]);
            signalR.AddStackExchangeRedis(redis.Server.ConnectionString);
        });
        await using var client = await ConnectAsync(services);

        await services.GetRequiredService<IHubContext<SignalHub>>().Clients.All.SendAsync("hi", "all");

        Assert.Equal("hi(all)", await client.NextAsync());
        Assert.Equal(0, other.Written);
    }

    [Fact]
    public void Options_WaitForARedisThatIsAway_UnlessToldOtherwise()
    {
        using var services = Build(signalR => signalR.AddStackExchangeRedis());

        Assert.False(services.GetRequiredService<IOptions<RedisOptions>>().Value.Configuration.AbortOnConnectFail);
        Assert.IsType<RedisHubLifetimeManager<SignalHub>>(services.GetRequiredService<HubLifetimeManager<SignalHub>>());
    }

    private static ServiceProvider Build(Action<ISignalRServerBuilder> configure)
    {
        var services = new ServiceCollection().AddLogging();
        configure(services.AddSignalR());
        return services.BuildServiceProvider();
    }

    private static async Task<SignalClient> ConnectAsync(ServiceProvider services)
    {
        var client = new SignalClient(services.GetRequiredService<HubLifetimeManager<SignalHub>>(), new JsonHubProtocol(), "anna");
        await client.ConnectAsync();
        return client;
    }
}
