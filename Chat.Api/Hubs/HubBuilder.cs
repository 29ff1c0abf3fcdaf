using Chat.Api.Auth;
using Chat.Api.Connections;
using Chat.Api.Memberships;
using Chat.Api.Messages;
using Chat.Api.Orders;
using Chat.Api.Redis;
using Chat.Api.Topics;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.SignalR;
using Microsoft.Extensions.Options;
using ServiceDefaults;
using StackExchange.Redis;

namespace Chat.Api.Hubs;

/// <summary>Registers and maps the SignalR chat.</summary>
internal static class HubBuilder
{
    public const string Path = "/signalr/chat";

    private const string Negotiation = Path + "/negotiate";

    public static WebApplicationBuilder AddChatHub(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddSettings<ChatHubOptions>(ChatHubOptions.Section);
        services.AddSettings<MembershipOptions>(MembershipOptions.Section);
        services.AddSettings<DefaultChats>(DefaultChats.Section)
            .Validate(chats => chats.Groups.All(ChatId.IsValid), $"{DefaultChats.Section}:Chats names a group whose id is not valid. {ChatId.Rule}");

        services.AddRedisScripts(RedisMemberships.Scripts);
        services.AddSingleton<IMemberships>(static provider => new RedisMemberships(
            provider.GetRequiredService<RedisCommands>(), provider.GetRequiredService<RedisKeys>(), provider.GetRequiredService<IOptions<MembershipOptions>>().Value.MembershipAge,
            provider.GetService<EventMarks>()));
        services.AddSingleton<ITypingTurns, RedisTypingTurns>();
        services.AddSingleton<MembershipWatch>();
        services.AddHostedService(provider => provider.GetRequiredService<MembershipWatch>());
        services.AddSingleton<GroupRemovals>();
        services.AddSingleton<GroupAccess>();
        services.AddSingleton<RawMembers>();
        services.AddHostedService(static provider => provider.GetRequiredService<RawMembers>());
        services.AddSingleton<GroupChanges>();
        services.AddSingleton<HubChanges>();
        services.AddSingleton<GroupMirrors>();
        services.AddSingleton<INodeOrder, HubMirrors>();
        services.AddSingleton<IMembershipSignals>(static provider => provider.GetRequiredService<HubChanges>());
        services.AddSingleton<INodeOrder>(static provider => provider.GetRequiredService<HubChanges>());
        services.AddSingleton(new SignalNames(RedisPrefix.Read(builder.Configuration)));
        services.AddSingleton<HubServices>();
        services.AddSingleton<HubMessages>();
        services.AddSingleton<HubMemberships>();
        services.AddSingleton<HubTyping>();
        services.AddSingleton<HubPresence>();

        var connections = builder.Configuration.GetSection(ConnectionOptions.Section).Get<ConnectionOptions>() ?? new ConnectionOptions();
        services.AddSignalR(hub =>
            {
                hub.SupportedProtocols = [.. HubFormat.Protocols];
                hub.MaximumReceiveMessageSize = connections.MessageBytes;
                hub.EnableDetailedErrors = true; // for errors in arguments: HubGate lets no other details through
                hub.AddFilter<HubGate>();
            })
            .AddJsonProtocol(json => json.PayloadSerializerOptions.MaxDepth = connections.JsonDepth)
            .AddMessagePackProtocol()
            .AddStackExchangeRedis();
        services.AddSingleton<HubLifetimeManager<ChatHub>, ChatHubLifetime>();
        services.AddSingleton<HubGate>();
        services.AddSingleton(static provider => ActivatorUtilities.CreateInstance<HubEndpoint>(provider, new ConnectionBuilder(provider).UseHub<ChatHub>().Build()));

        // Signals go over the node's own connection to Redis.
        services.AddOptions<Microsoft.AspNetCore.SignalR.StackExchangeRedis.RedisOptions>()
            .Configure<IConnectionMultiplexer>((redis, multiplexer) => redis.ConnectionFactory = _ => Task.FromResult(multiplexer));
        return builder;
    }

    /// <summary>Handles the hub's WebSockets here, ahead of the middleware for other requests. That middleware has many small steps, which would cost
    /// too much when thousands of WebSockets come at once.</summary>
    public static WebApplication UseChatHub(this WebApplication app)
    {
        var gate = app.Services.GetRequiredService<BearerGate>();
        HubEndpoint? endpoint = null;
        app.Use((http, next) => http.Request.Path.Equals(Path, StringComparison.OrdinalIgnoreCase) && HubEndpoint.IsWebSocket(http)
            ? AcceptAsync(http)
            : next(http));
        return app;

        async Task AcceptAsync(HttpContext http)
        {
            if (await gate.LetsInAsync(http))
            {
                await (endpoint ??= app.Services.GetRequiredService<HubEndpoint>()).AcceptAsync(http);
            }
        }
    }

    public static WebApplication MapChatHub(this WebApplication app)
    {
        app.Services.GetRequiredService<TopicTable>().Attach(app.Services.GetRequiredService<MembershipWatch>());
        var endpoint = app.Services.GetRequiredService<HubEndpoint>();
        var route = app.MapConnections(Path, stream => stream.Run(endpoint.RunStreamAsync));
        route.RequireAuthorization();
        route.Add(builder =>
        {
            var transports = builder.RequestDelegate!;
            builder.RequestDelegate = http => HubEndpoint.IsWebSocket(http) ? endpoint.AcceptAsync(http)
                : HttpMethods.IsPost(http.Request.Method) && http.Request.Path.Equals(Negotiation, StringComparison.OrdinalIgnoreCase)
                    ? endpoint.NegotiateAsync(http, transports)
                : endpoint.TransportAsync(http, transports);
        });
        return app;
    }
}
