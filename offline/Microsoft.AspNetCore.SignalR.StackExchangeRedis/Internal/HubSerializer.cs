using Microsoft.AspNetCore.SignalR.Protocol;

namespace Microsoft.AspNetCore.SignalR.StackExchangeRedis.Internal;

/// <summary>Writes a message down in every protocol that a client of the hub may speak, once for all clients.</summary>
internal sealed class HubSerializer(IHubProtocolResolver resolver, IList<string>? supported)
{
    private readonly IHubProtocol[] _protocols =
        [.. resolver.AllProtocols.Where(protocol => supported?.Contains(protocol.Name, StringComparer.OrdinalIgnoreCase) != false)];

    public SerializedMessage[] Call(string method, object?[] arguments) => Write(new InvocationMessage(method, arguments));

    public SerializedMessage[] Call(string method, object?[] arguments, string invocationId) =>
        Write(new InvocationMessage(invocationId, method, arguments));

    public IHubProtocol? Find(string name) =>
        Array.Find(_protocols, protocol => string.Equals(protocol.Name, name, StringComparison.OrdinalIgnoreCase));

    private SerializedMessage[] Write(HubMessage message) =>
        Array.ConvertAll(_protocols, protocol => new SerializedMessage(protocol.Name, protocol.GetMessageBytes(message)));
}
