using System.Security.Cryptography;

namespace Chat.Api.Nodes;

/// <summary>The identity of this process in the cluster. It is new with every start: a restarted node is another node.</summary>
internal sealed class NodeIdentity(TimeProvider time)
{
    public string Id { get; init; } = RandomNumberGenerator.GetString("abcdefghijklmnopqrstuvwxyz0123456789", 8);

    public DateTimeOffset StartedAt { get; } = time.GetUtcNow();
}
