using System.IO.Pipelines;
using Chat.Api.Connections;
using Microsoft.AspNetCore.Connections;

namespace Chat.Api.Hubs;

/// <summary>A hub client on server-sent events or long polling, over SignalR's transports.</summary>
/// <remarks>The outbox precedes the transport's pipe, so that caps, order and closing are those of every connection.</remarks>
internal sealed class HubStream : ClientConnection, IDuplexPipe
{
    private readonly HubInput _input;

    public HubStream(long number, string userId, ConnectionContext context, ConnectionTable table)
        : base(number, userId, HubFormat.Of(null, isFramed: false), new PipeSender(context.Transport.Output, context.Abort), table)
    {
        _input = new HubInput(context.Transport.Input, this);
        Output = new HubOutput(this);
    }

    public PipeReader Input => _input;

    public HubOutput Output { get; }

    PipeWriter IDuplexPipe.Output => Output;

    /// <summary>Settles the protocol. Called before anything is joined.</summary>
    public void Speak(string? protocol)
    {
        var format = HubFormat.Of(protocol, isFramed: false);
        (Format, _input.Format) = (format, format);
    }

    /// <summary>False: the cookie that takes its requests to this node would bring the client back.</summary>
    public override bool CanMove => false;

    /// <summary>Why the connection ended.</summary>
    public CloseReason Reason { get; private set; } = CloseReason.Vanished;

    /// <summary>Called when the hub is done with the connection. Anything that comes later is dropped.</summary>
    public void End() => Reason = End(CloseReason.HubEnded);

    protected override Frame LastFrame(CloseReason reason) => Output.Last(reason);
}
