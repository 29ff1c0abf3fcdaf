using Chat.Sockets.Loops;

namespace Edge.Proxy.Relay;

/// <summary>What a node said to a request for an upgrade.</summary>
/// <param name="Response">Its answer; one that is not the upgrade has its body.</param>
/// <param name="Socket">The connection, if it is upgraded; to be closed by whoever has it.</param>
/// <param name="Behind">What came right behind the answer.</param>
internal sealed record NodeAnswer(HttpResponseMessage Response, LoopSocket? Socket, ReadOnlyMemory<byte> Behind);
