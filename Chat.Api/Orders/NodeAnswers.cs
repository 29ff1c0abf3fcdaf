using System.Collections.Concurrent;
using Chat.Api.Nodes;

namespace Chat.Api.Orders;

/// <summary>The answers to one order or question, as the node that gave it has received them.</summary>
internal sealed class NodeAnswers(NodeIdentity self, LiveNodes nodes) : IDisposable
{
    private readonly Confirmations _confirmations = new(self, nodes);
    private readonly ConcurrentDictionary<string, byte[]> _texts = new(StringComparer.Ordinal);

    /// <summary>Completes when every node has answered, or has gone.</summary>
    public Task Done => _confirmations.Done;

    public Confirmed Confirmed => _confirmations.Result;

    /// <summary>The answers to a question, by node.</summary>
    public IReadOnlyDictionary<string, byte[]> Texts => _texts;

    /// <summary>Notes that a node has carried out the order.</summary>
    public void Confirm(string node, long count) => _confirmations.Confirm(node, count);

    /// <summary>Notes that a node has answered the question. An answer of a node that is not live is ignored.</summary>
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
