using System.IO.Pipelines;
using Chat.Api.Connections;
using Chat.Api.Messages;
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
    private readonly Pipe _input = new(new PipeOptions(readerScheduler: PipeScheduler.Inline, useSynchronizationContext: false)); // what was written has been read
    private readonly Reader _reader = new();
    private readonly WebSocketConnection _connection;

    public TendTests()
    {
        _connection = NewConnection(_sender);
        _ = _connection.ReadAsync(_reader); // until the test is over
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

    // A client that has missed much, and has a slow line: its pongs lie unread, since nothing is read before it has joined.
    [Fact]
    public async Task Silence_DuringAReplay_IsNotTheClients_AsLongAsItTakesWhatItIsSent()
    {
        const int Messages = 4;
        var message = Binary(60_000); // each is a send of its own
        var client = new FakeSender(room: 0);
        var joining = NewConnection(client);
        for (var i = 0; i < Messages; i++)
        {
            joining.Enqueue(message);
        }

        for (var i = 1; i < Messages; i++)
        {
            var left = joining.WaitingBytes;
            client.Read(message.Length);
            await Eventually.TrueAsync(() => joining.WaitingBytes < left);
            _time.Advance(Limits.SilenceLimit * 0.7);
            joining.Tend(new TendingRound(_time.GetTimestamp()));
            Assert.False(joining.IsClosing);
        }

        _time.Advance(Limits.SilenceLimit); // now it takes nothing any more
        joining.Tend(new TendingRound(_time.GetTimestamp()));
        Assert.True(joining.IsClosing);
    }

    // So does a client that joins a group, at which it has missed much, by a message: the next one is read when it has joined.
    [Fact]
    public async Task Silence_WhileAMessageIsAwaited_IsNotTheClients()
    {
        var done = new TaskCompletionSource();
        _reader.Next = done.Task;
        await _input.Writer.WriteAsync((byte[])[0x81, 0x81, 0, 0, 0, 0, (byte)'a']);
        await _reader.HasReadAsync();

        _time.Advance(Limits.SilenceLimit);
        _connection.Tend(new TendingRound(_time.GetTimestamp()));
        Assert.False(_connection.IsClosing);

        done.SetResult();
        _time.Advance(Limits.SilenceLimit - TimeSpan.FromMilliseconds(1));
        _connection.Tend(new TendingRound(_time.GetTimestamp()));
        Assert.False(_connection.IsClosing);
        _time.Advance(TimeSpan.FromMilliseconds(1));
        _connection.Tend(new TendingRound(_time.GetTimestamp()));
        Assert.True(_connection.IsClosing);
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

    private WebSocketConnection NewConnection(FakeSender sender)
    {
        var table = new ConnectionTable(Options.Create(Limits), new ConnectionMetrics(NoMeters.Instance), _time);
        return new(1, "u1", WebSocketFormat.Text, new PipeSource(_input.Reader), sender, table, TestTopics.New(), new MemoryBackplane()) { Access = TestAccess.Of("u1") };
    }

    private static Frame Binary(int length)
    {
        var frame = FrameWriter.Begin();
        frame.Write(new byte[length]);
        return frame.End(WebSocketOpcode.Binary);
    }

    private sealed class Reader : IMessageReader
    {
        private readonly TaskCompletionSource _hasRead = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>What the message after the next one has to wait for.</summary>
        public Task? Next { get; set; }

        public Task HasReadAsync() => _hasRead.Task.WaitAsync(TimeSpan.FromSeconds(15));

        public Task? Read(WebSocketConnection connection, ReadOnlySpan<byte> utf8)
        {
            _hasRead.TrySetResult();
            return Next;
        }

        public void OnRemoved(WebSocketConnection connection, Topic topic)
        {
            // These connections are in no group.
        }
    }
}
