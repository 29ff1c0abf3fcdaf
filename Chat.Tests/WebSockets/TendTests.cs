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

/// <summary>Changes of connections that depend on the clock alone.</summary>
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
        _connection.Tend(new TendingRound(_time.GetTimestamp()));
        Assert.Empty(_sender.Sent);

        _connection.Tend(new TendingRound(_time.GetTimestamp(), Pings: true));
        Assert.Equal([0x89, 0], _sender.Sent);
    }

    [Fact]
    public void Silence_UpToTheLimitIsBorne_ThenTheConnectionIsClosed()
    {
        _time.Advance(Limits.SilenceLimit - TimeSpan.FromMilliseconds(1));
        _connection.Tend(new TendingRound(_time.GetTimestamp()));
        Assert.Empty(_sender.Sent);

        _time.Advance(TimeSpan.FromMilliseconds(1));
        _connection.Tend(new TendingRound(_time.GetTimestamp()));
        Assert.Equal(FrameWriter.Close(CloseReason.PingTimeout).Span.ToArray(), _sender.Sent);
    }

    // A node that was stopped for 13 s once closed all connections whose ping was due in that time, although all had answered the last one.
    [Fact]
    public void Silence_WhileTheNodeStoodStill_IsNotTheClients()
    {
        var rounds = new TendingRounds(_time, Limits.PingInterval, Limits.SilenceLimit);
        for (var i = 0; i < 20; i++)
        {
            NextRound();
        }

        NextRound(after: 16);
        Assert.Equal([0x89, 0], _sender.Sent); // although it is not its turn
        for (var i = 0; i < 9; i++)
        {
            NextRound();
        }

        Assert.Equal([0x89, 0, 0x89, 0], _sender.Sent);
        NextRound();
        Assert.Equal([0x89, 0, 0x89, 0, .. FrameWriter.Close(CloseReason.PingTimeout).Span], _sender.Sent);

        void NextRound(double after = 1)
        {
            _time.Advance(TimeSpan.FromSeconds(after));
            rounds.Next();
            _connection.Tend(rounds.Of(_connection));
        }
    }

    [Fact]
    public void Pings_AreSpread_AndEachConnectionHasOneInEachInterval()
    {
        var rounds = new TendingRounds(_time, TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(12));
        var pings = new List<bool>();
        for (var i = 0; i < 15; i++)
        {
            _time.Advance(TimeSpan.FromSeconds(i == 7 ? 3 : 1)); // a late round is no standstill
            rounds.Next();
            pings.Add(rounds.Of(_connection).Pings);
        }

        Assert.Equal([4, 9, 14], pings.Select(static (pings, round) => pings ? round : -1).Where(static round => round >= 0));
    }

    [Fact]
    public void ClosingHandshake_ThatTakesTooLong_EndsInAnAbort()
    {
        _connection.Close(CloseReason.Draining);
        _time.Advance(Limits.CloseTimeout - TimeSpan.FromMilliseconds(1));
        _connection.Tend(new TendingRound(_time.GetTimestamp()));
        Assert.False(_sender.IsAborted);

        _time.Advance(TimeSpan.FromMilliseconds(1));
        _connection.Tend(new TendingRound(_time.GetTimestamp()));
        Assert.True(_sender.IsAborted);
    }
}
