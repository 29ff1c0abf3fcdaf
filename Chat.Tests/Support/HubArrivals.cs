using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Protocol;

namespace Chat.Tests.Support;

/// <summary>A protocol whose calls of handlers say which connection brought them: Microsoft's .NET client has a queue of such calls for each connection,
/// and makes those of one that has ended while the next one's come.</summary>
/// <param name="protocol">What is spoken.</param>
/// <param name="connection">The present connection: bytes of one that has ended are not parsed any more.</param>
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

    /// <param name="Connection">Which brought it.</param>
    /// <param name="Argument">What came.</param>
    internal sealed record Arrived(object Connection, object? Argument);
}
