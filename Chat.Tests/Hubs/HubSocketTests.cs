using System.IO.Pipelines;
using Chat.Api.Connections;
using Chat.Api.Hubs;
using Chat.Tests.Connections;
using Chat.Tests.Support;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.Extensions.Options;
using Xunit;

namespace Chat.Tests.Hubs;

public sealed class HubSocketTests
{
    private readonly HubSocket _socket = new(1, "anna", new Pipe().Reader, new FakeSender(),
        new ConnectionTable(Options.Create(new ConnectionOptions()), new ConnectionMetrics(NoMeters.Instance), TimeProvider.System));

    // SignalR registers its pings at the handshake and the limit of the client's silence at the client's first ping. When
    // only the last was called, a quiet client heard nothing any more and took the server for gone.
    [Fact]
    public void EveryHeartbeat_IsCalled()
    {
        var beats = new List<object>();
        IConnectionHeartbeatFeature heartbeat = _socket;
        heartbeat.OnHeartbeat(beats.Add, "pings");
        heartbeat.OnHeartbeat(beats.Add, "silence");

        _socket.Tend(TimeProvider.System.GetTimestamp(), ping: false);

        Assert.Equal(["pings", "silence"], beats);
    }

    [Fact]
    public void Heartbeat_OfAConnectionThatCloses_IsOver()
    {
        var beats = new List<object>();
        ((IConnectionHeartbeatFeature)_socket).OnHeartbeat(beats.Add, "pings");
        _socket.Close(CloseReason.Draining);

        _socket.Tend(TimeProvider.System.GetTimestamp(), ping: false);

        Assert.Empty(beats);
    }
}
