using System.Net;
using Chat.Api;
using Chat.Api.Connections;
using Chat.Sockets.Server;
using Chat.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Chat.Tests.WebSockets;

/// <summary>The setting that leaves a node's sockets to its server.</summary>
public sealed class TakeSocketsTests
{
    [LinuxFact]
    public void TakeSockets_IsTheDefault() => Assert.True(Takes(null));

    [LinuxFact]
    public void TakeSockets_SetToFalse_LeavesListeningToTheServer() => Assert.False(Takes("false"));

    private static bool Takes(string? setting)
    {
        var builder = WebApplication.CreateSlimBuilder();
        if (setting is not null)
        {
            builder.Configuration[$"{ConnectionOptions.Section}:{nameof(ConnectionOptions.TakeSockets)}"] = setting;
        }

        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddOptions<ConnectionOptions>().BindConfiguration(ConnectionOptions.Section);
        ChatServer.Configure(builder);
        using var services = builder.Services.BuildServiceProvider();
        return services.GetServices<IConnectionListenerFactory>().OfType<ClientTransport>().Single().CanBind(new IPEndPoint(IPAddress.Loopback, 0));
    }
}
