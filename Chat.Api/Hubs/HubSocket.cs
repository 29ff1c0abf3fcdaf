using System.Buffers;
using System.IO.Pipelines;
using Chat.Api.Connections;
using Chat.Api.WebSockets;
using Microsoft.AspNetCore.Connections.Features;

namespace Chat.Api.Hubs;

/// <summary>A hub client on a WebSocket.</summary>
/// <remarks>SignalR's own WebSocket transport would copy each message through two pipes and wake a thread for it; here a
/// message that a topic delivers takes the same way to the socket as to a raw client, already framed.</remarks>
internal sealed class HubSocket : WebSocketLink, IDuplexPipe, IConnectionHeartbeatFeature
{
    private static readonly TimeSpan ReadingTime = TimeSpan.FromSeconds(2); // after a standstill, to read what clients have sent meanwhile

    private readonly Pipe _received;
    private (Action<object> Beat, object State)[] _heartbeats = []; // replaced as a whole: the keeper's thread reads it
    private HubRecords _counted = HubRecords.Separated();
    private volatile bool _isSettled; // whether the protocol is known; set on the socket's thread, which also does the counting

    public HubSocket(long number, string userId, IByteSource source, IFrameSender sender, ConnectionTable table)
        : base(number, userId, HubFormat.Of(null, isFramed: true), source, sender, table)
    {
        Output = new HubOutput(this);

        // SignalR handles calls on the socket's thread, since nothing in the hub blocks. Unread calls hold up the reading of the next.
        _received = new Pipe(new PipeOptions(
            readerScheduler: PipeScheduler.Inline,
            writerScheduler: PipeScheduler.Inline,
            pauseWriterThreshold: Options.MessageBytes,
            resumeWriterThreshold: Options.MessageBytes / 2,
            useSynchronizationContext: false));
    }

    public PipeReader Input => _received.Reader;

    public HubOutput Output { get; }

    PipeWriter IDuplexPipe.Output => Output;

    /// <summary>Settles the protocol. Called before anything is joined.</summary>
    public void Speak(string? protocol)
    {
        var format = HubFormat.Of(protocol, isFramed: true);
        (Format, _counted, _isSettled) = (format, format.NewRecords(), true);
    }

    /// <summary>Reads until the connection ends, and then ends the hub's input. Never throws because of a client or a network.</summary>
    public async Task<CloseReason> ReadAsync()
    {
        try
        {
            return await ReadFramesAsync();
        }
        finally
        {
            await _received.Writer.CompleteAsync();
        }
    }

    public override void Tend(TendingRound round)
    {
        base.Tend(round);
        if (IsClosing || round.AwakeFor < ReadingTime)
        {
            return;
        }

        foreach (var (beat, state) in _heartbeats)
        {
            beat(state); // SignalR's pings, and its own timeout for silent clients
        }
    }

    void IConnectionHeartbeatFeature.OnHeartbeat(Action<object> action, object state) => _heartbeats = [.. _heartbeats, (action, state)];

    protected override bool TakesBinary => true;

    // Clients gather calls made in a row into one WebSocket message, which may then have any size. The limits apply to its content: the number of
    // records is limited here, the size of each by SignalR.
    protected override bool TakesPieces => true;

    /// <inheritdoc/>
    protected override Task? OnMessage(ReadOnlySpan<byte> message)
    {
        var isSettled = _isSettled;
        if (isSettled && !MayCome(message))
        {
            return null;
        }

        _received.Writer.Write(message);
        var flush = _received.Writer.FlushAsync(CancellationToken.None);
        if (!isSettled)
        {
            MayCome(message); // only now, after the handshake, is it known what counts as a record
        }

        return flush.IsCompletedSuccessfully ? null : flush.AsTask();
    }

    private bool MayCome(ReadOnlySpan<byte> message) => Allowance.TakeRecords(message.IsEmpty ? 1 : _counted.In(message), this);

    // Microsoft's clients may look at the close code before they have read the message in front of it. They take any other code for a broken
    // connection. They then come back or, if they still wait for the answer to their handshake, report nothing but the code.
    protected override Frame LastFrame(CloseReason reason) =>
        base.LastFrame(reason.IsFinal || (_isSettled && !Output.IsAnswered) ? reason with { Code = CloseReason.HubEnded.Code } : reason);

    protected override void OnClosing(CloseReason reason)
    {
        // Tells SignalR's clients to reconnect by themselves. A slow client could no longer read it, and a client that closed does not want it.
        if (reason != CloseReason.SlowConsumer && reason != CloseReason.ByClient && reason != CloseReason.HubEnded)
        {
            Enqueue(Output.Last(reason));
        }
    }
}
