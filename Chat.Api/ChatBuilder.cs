using Chat.Api.Backplane.Resp;
using Chat.Api.Backplane;
using Chat.Api.Connections;
using Chat.Api.Nodes;
using Chat.Api.Topics;
using Chat.Api.WebSockets;
using Microsoft.Extensions.Options;
using ServiceDefaults;

namespace Chat.Api;

/// <summary>Puts the path of a message together: connections, topics, backplane.</summary>
internal static class ChatBuilder
{
    public static WebApplicationBuilder AddChat(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddOptions<ConnectionOptions>().BindConfiguration(ConnectionOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<IValidateOptions<ConnectionOptions>, ConnectionOptionsValidator>();
        services.AddOptions<BackplaneOptions>().BindConfiguration(BackplaneOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<IValidateOptions<BackplaneOptions>, BackplaneOptionsValidator>();

        services.AddSingleton<ConnectionMetrics>();
        services.AddSingleton<ConnectionTable>();
        services.AddSingleton<Admission>();
        services.AddSingleton<IConnectionCount>(provider => provider.GetRequiredService<ConnectionTable>());
        services.AddHostedService<ConnectionKeeper>();
        services.AddHostedService<UserShares>();

        services.AddOptions<TopicOptions>().BindConfiguration(TopicOptions.Section).ValidateDataAnnotations()
            .Validate(options => options.WaitingBytesPerTopic <= options.WaitingBytes, $"{TopicOptions.Section}:WaitingBytesPerTopic must not be more than {TopicOptions.Section}:WaitingBytes.")
            .ValidateOnStart();
        services.AddSingleton<TopicMetrics>();
        services.AddSingleton<TopicTable>();
        services.AddSingleton<WebSocketEndpoints>();

        services.AddSingleton<BackplaneMetrics>();
        services.AddSingleton(new RedisKeys(RedisPrefix.Read(builder.Configuration)));
        services.AddSingleton(provider => RedisEndpoint.Parse(provider.GetRequiredService<IConfiguration>().GetConnectionString("redis")
            ?? throw new InvalidOperationException("ConnectionStrings:redis is not set; it names the Redis server, for example localhost:6379.")));
        services.AddSingleton<RedisBackplaneHost>();
        services.AddSingleton<IBackplane>(provider => provider.GetRequiredService<RedisBackplaneHost>().Backplane);
        services.AddHostedService(provider => provider.GetRequiredService<RedisBackplaneHost>());
        services.AddHealthChecks().AddCheck<BackplaneHealthCheck>("backplane");
        ChatServer.Configure(builder);
        return builder;
    }

    public static WebApplication MapChat(this WebApplication app)
    {
        WebSocketEndpoints.Map(app);
        return app;
    }
}
