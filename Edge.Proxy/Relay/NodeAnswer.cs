using Chat.Sockets.Loops;

namespace Edge.Proxy.Relay;

/// <summary>A node's answer to a request for an upgrade.</summary>
/// <param name="Response">The answer, without its body.</param>
/// <param name="Socket">The connection, if it is upgraded. Whoever has it must close it.</param>
/// <param name="Behind">After an upgrade, the bytes that came right behind the answer; otherwise the body.</param>
internal sealed record NodeAnswer(HttpResponseMessage Response, LoopSocket? Socket, ReadOnlyMemory<byte> Behind);
