using System.Collections.Concurrent;
using Chat.Api.Nodes;

namespace Chat.Api.Orders;

/// <summary>What a node that gave an order, or asked a question, has heard from the others.</summary>
internal sealed class NodeAnswers(NodeIdentity self, LiveNodes nodes) : IDisposable
{
    private readonly Confirmations _confirmations = new(self, nodes);
    private readonly ConcurrentDictionary<string, byte[]> _texts = new(StringComparer.Ordinal);

    /// <summary>Completes when every node has answered, or has gone.</summary>
    public Task Done => _confirmations.Done;

    public Confirmed Confirmed => _confirmations.Result;

    /// <summary>Of each node that answered a question, what it said.</summary>
    public IReadOnlyDictionary<string, byte[]> Texts => _texts;

    /// <summary>A node has carried out the order.</summary>
    public void Confirm(string node, long count) => _confirmations.Confirm(node, count);

    /// <summary>A node has answered the question. From one that is not among the live nodes, nothing is taken.</summary>
    public void Answer(string node, byte[] text)
    {
        if (node == self.Id || nodes.Contains(node))
        {
            _texts[node] = text; // before it counts as answered
            _confirmations.Confirm(node);
        }
    }

    public void Dispose() => _confirmations.Dispose();
}
