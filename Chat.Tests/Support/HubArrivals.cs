using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Protocol;

namespace Chat.Tests.Support;

/// <summary>A protocol that adds to each call of a handler the connection that delivered it. Microsoft's .NET client has a queue of such calls for
/// each connection, and still works off the queue of an ended connection while calls of the next one arrive.</summary>
/// <param name="protocol">The actual protocol.</param>
/// <param name="connection">The present connection. It is the right one, since bytes of an ended connection are not parsed any more.</param>
internal sealed class HubArrivals(IHubProtocol protocol, Func<object> connection) : IHubProtocol
{
    public string Name => protocol.Name;

    public int Version => protocol.Version;

    public TransferFormat TransferFormat => protocol.TransferFormat;

    public bool IsVersionSupported(int version) => protocol.IsVersionSupported(version);

    public ReadOnlyMemory<byte> GetMessageBytes(HubMessage message) => protocol.GetMessageBytes(message);

    public void WriteMessage(HubMessage message, IBufferWriter<byte> output) => protocol.WriteMessage(message, output);

    public bool TryParseMessage(ref ReadOnlySequence<byte> input, IInvocationBinder binder, [NotNullWhen(true)] out HubMessage? message)
    {
        if (!protocol.TryParseMessage(ref input, binder, out message))
        {
            return false;
        }

        if (message is InvocationMessage { Arguments: [var argument] } call)
        {
            message = new InvocationMessage(call.InvocationId, call.Target, [new Arrived(connection(), argument)]) { Headers = call.Headers };
        }

        return true;
    }

    /// <param name="Connection">The connection that delivered it.</param>
    /// <param name="Argument">The argument of the call.</param>
    internal sealed record Arrived(object Connection, object? Argument);
}
