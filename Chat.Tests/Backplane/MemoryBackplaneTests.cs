using Chat.Api.Backplane;
using Chat.Tests.Support;

namespace Chat.Tests.Backplane;

/// <summary>The backplane under the engine's tests has to keep the promises of a backplane, too.</summary>
[RunsInMemory]
public sealed class MemoryBackplaneTests : BackplaneLogSpec
{
    private readonly MemoryRedis _redis = new();
    private int _nodes;

    public override Task DisposeAsync() => Task.CompletedTask;

    private protected override Task<BackplaneNode> StartAsync(BackplaneOptions? options = null) =>
        Task.FromResult<BackplaneNode>(new Node(_redis, $"node{++_nodes}", options));

    private sealed class Node : BackplaneNode
    {
        private readonly MemoryBackplane _backplane;

        public Node(MemoryRedis redis, string id, BackplaneOptions? options) =>
            _backplane = new MemoryBackplane(redis, id, options) { Listener = Listener };

        public override IBackplane Backplane => _backplane;
    }
}
