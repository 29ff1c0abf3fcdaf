using System.IO.Pipelines;
using Chat.Api.Connections;
using Chat.Api.Hubs;
using Chat.Api.WebSockets;
using Chat.Tests.Connections;
using Chat.Tests.Support;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.Extensions.Options;
using Xunit;

namespace Chat.Tests.Hubs;

public sealed class HubSocketTests
{
    private readonly FakeSender _sender = new();
    private readonly HubSocket _socket;

    public HubSocketTests() => _socket = new HubSocket(1, "anna", new PipeSource(new Pipe().Reader), _sender,
        new ConnectionTable(Options.Create(new ConnectionOptions()), new ConnectionMetrics(NoMeters.Instance), TimeProvider.System));

    // SignalR registers its pings at the handshake, and the limit of the client's silence at the client's first ping. When only the last registration
    // was called, a quiet client received nothing any more and took the server for gone.
    [Fact]
    public void EveryHeartbeat_IsCalled()
    {
        var beats = new List<object>();
        IConnectionHeartbeatFeature heartbeat = _socket;
        heartbeat.OnHeartbeat(beats.Add, "pings");
        heartbeat.OnHeartbeat(beats.Add, "silence");

        _socket.Tend(new TendingRound(TimeProvider.System.GetTimestamp()));

        Assert.Equal(["pings", "silence"], beats);
    }

    // SignalR's limit of silence is one of them. Data that a client sent while the node stood still have not been read yet.
    [Fact]
    public void Heartbeat_RightAfterTheNodeStoodStill_IsLeftOut()
    {
        var beats = new List<object>();
        ((IConnectionHeartbeatFeature)_socket).OnHeartbeat(beats.Add, "silence");

        _socket.Tend(new TendingRound(TimeProvider.System.GetTimestamp(), AwakeFor: TimeSpan.FromSeconds(1)));
        Assert.Empty(beats);

        _socket.Tend(new TendingRound(TimeProvider.System.GetTimestamp(), AwakeFor: TimeSpan.FromSeconds(2)));
        Assert.Equal(["silence"], beats);
    }

    [Fact]
    public void Heartbeat_OfAConnectionThatCloses_IsOver()
    {
        var beats = new List<object>();
        ((IConnectionHeartbeatFeature)_socket).OnHeartbeat(beats.Add, "pings");
        _socket.Close(CloseReason.Draining);

        _socket.Tend(new TendingRound(TimeProvider.System.GetTimestamp()));

        Assert.Empty(beats);
    }

    // SignalR's clients fail at anything but an answer to their handshake. The .NET client fails at the close code before it has read the answer.
    [Fact]
    public void Close_BeforeTheHandshakeIsAnswered_IsAnErrorInPlaceOfTheAnswer()
    {
        _socket.Speak("json");

        _socket.Close(CloseReason.TryLater);

        Assert.Equal("\u0081\u0032{\"error\":\"try again later\",\"allowReconnect\":true}\u001e\u0088\u0011\u0003\u00e8try again later", Sent);
    }

    [Fact]
    public async Task Close_AfterTheHandshakeIsAnswered_IsACloseMessage()
    {
        _socket.Speak("json");
        await _socket.Output.WriteAsync("{}\u001e"u8.ToArray());

        _socket.Close(CloseReason.TryLater);

        Assert.Contains("\"type\":7", Sent, StringComparison.Ordinal);
        Assert.EndsWith("\u0003\u00f5try again later", Sent, StringComparison.Ordinal);
    }

    private string Sent => System.Text.Encoding.Latin1.GetString(_sender.Sent);
}
