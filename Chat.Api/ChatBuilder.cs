using Chat.Api.Admissions;
using Chat.Api.Backplane;
using Chat.Api.Connections;
using Chat.Api.Messages;
using Chat.Api.Nodes;
using Chat.Api.Orders;
using Chat.Api.RawEndpoints;
using Chat.Api.Redis;
using Chat.Api.Topics;
using Microsoft.Extensions.Options;
using ServiceDefaults;

namespace Chat.Api;

/// <summary>Registers the path of a message: connections, topics, backplane.</summary>
internal static class ChatBuilder
{
    public static WebApplicationBuilder AddChat(this WebApplicationBuilder builder)
    {
        NormalForm.Demand();
        var services = builder.Services;
        services.AddSettings<ConnectionOptions>(ConnectionOptions.Section);
        services.AddSingleton<IValidateOptions<ConnectionOptions>, ConnectionOptionsValidator>();
        services.PostConfigure<ConnectionOptions>(static limits => NodeCapacity.Limit(limits, NodeCapacity.FreeFiles()));
        services.AddSingleton<NodeCapacity>();
        services.AddSingleton<ConnectionMetrics>();
        services.AddSingleton<ConnectionTable>();
        services.AddSingleton<ConnectionRun>();
        services.AddSingleton<IConnectionCount>(static provider => provider.GetRequiredService<ConnectionTable>());
        services.AddSingleton<ConnectionDrain>();
        services.AddSingleton<Rebalance>();
        services.AddSingleton<IDrain>(static provider => provider.GetRequiredService<ConnectionDrain>());
        services.AddSingleton<IHostLifetime, DrainLifetime>();
        services.AddHostedService<ConnectionKeeper>();
        services.AddHostedService<EdgeDrain>();
        services.AddHostedService<CutOff>();

        services.AddSettings<TopicOptions>(TopicOptions.Section)
            .Validate(options => options.WaitingBytesPerTopic <= options.WaitingBytes, $"{TopicOptions.Section}:WaitingBytesPerTopic must not be more than {TopicOptions.Section}:WaitingBytes.");
        services.AddSingleton<TopicMetrics>();
        services.AddSingleton<TopicTable>();
        services.AddSingleton<IBackplaneListener>(static provider => provider.GetRequiredService<TopicTable>());
        services.AddSingleton<TopicHistory>();
        services.AddHostedService<TopicSweeper>();
        builder.AddRedisBackplane();
        services.AddSingleton<NodeOrders>();

        services.AddRedisScripts(RedisUserPlaces.Scripts);
        services.AddSingleton<IUserPlaces, RedisUserPlaces>();
        services.AddSingleton<Admission>();
        services.AddHostedService<UserShares>();

        services.AddSingleton<RawServices>();
        services.AddSingleton<WebSocketEndpoints>();
        ChatServer.Configure(builder);
        return builder;
    }

    public static WebApplication MapChat(this WebApplication app)
    {
        app.Services.GetRequiredService<NodeOrders>(); // listens from now on
        app.Services.GetRequiredService<TopicTable>().Attach(app.Services.GetRequiredService<IBackplane>());
        app.Services.GetRequiredService<NodeCapacity>().Announce();
        WebSocketEndpoints.Map(app);
        return app;
    }
}
