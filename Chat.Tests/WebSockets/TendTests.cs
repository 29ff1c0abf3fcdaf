using System.IO.Pipelines;
using Chat.Api.Connections;
using Chat.Api.RawEndpoints;
using Chat.Api.WebSockets;
using Chat.Tests.Access;
using Chat.Tests.Backplane;
using Chat.Tests.Connections;
using Chat.Tests.Support;
using Chat.Tests.Topics;
using Microsoft.Extensions.Options;
using Xunit;

namespace Chat.Tests.WebSockets;

/// <summary>What happens to connections by the clock alone.</summary>
public sealed class TendTests
{
    private static readonly ConnectionOptions Limits = new();

    private readonly ManualTimeProvider _time = new();
    private readonly FakeSender _sender = new();
    private readonly WebSocketConnection _connection;

    public TendTests()
    {
        var table = new ConnectionTable(Options.Create(Limits), new ConnectionMetrics(NoMeters.Instance), _time);
        _connection = new WebSocketConnection(1, "u1", WebSocketFormat.Text, new PipeSource(new Pipe().Reader), _sender, table, TestTopics.New(), new MemoryBackplane()) { Access = TestAccess.Of("u1") };
    }

    [Fact]
    public void Ping_WhenItsTurnComes_IsSent()
    {
        _connection.Tend(_time.GetTimestamp(), ping: false);
        Assert.Empty(_sender.Sent);

        _connection.Tend(_time.GetTimestamp(), ping: true);
        Assert.Equal([0x89, 0], _sender.Sent);
    }

    [Fact]
    public void Silence_UpToTheLimitIsBorne_ThenTheConnectionIsClosed()
    {
        _time.Advance(Limits.SilenceLimit - TimeSpan.FromMilliseconds(1));
        _connection.Tend(_time.GetTimestamp(), ping: false);
        Assert.Empty(_sender.Sent);

        _time.Advance(TimeSpan.FromMilliseconds(1));
        _connection.Tend(_time.GetTimestamp(), ping: false);
        Assert.Equal(FrameWriter.Close(CloseReason.PingTimeout).Span.ToArray(), _sender.Sent);
    }

    [Fact]
    public void ClosingHandshake_ThatTakesTooLong_EndsInAnAbort()
    {
        _connection.Close(CloseReason.Draining);
        _time.Advance(Limits.CloseTimeout - TimeSpan.FromMilliseconds(1));
        _connection.Tend(_time.GetTimestamp(), ping: false);
        Assert.False(_sender.IsAborted);

        _time.Advance(TimeSpan.FromMilliseconds(1));
        _connection.Tend(_time.GetTimestamp(), ping: false);
        Assert.True(_sender.IsAborted);
    }
}
