using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using Chat.Api.Backplane;
using Chat.Api.Messages;
using Chat.Api.Nodes;
using Chat.Api.Topics;
using Microsoft.Extensions.Options;

namespace Chat.Api.Memberships;

/// <summary>Removes a user from a group on every node, and waits for each node to confirm it.</summary>
/// <remarks>
/// <see cref="LocalTopic"/> (LocalTopic.Removal.cs) gives the guarantee, which holds without any confirmation. The confirmations add the moment from
/// which it holds everywhere, and the number of nodes on which it holds. A node that died no longer counts; a node that hangs counts as not
/// confirmed.
/// </remarks>
internal sealed class GroupRemovals(
    IBackplane backplane, NodeIdentity node, LiveNodes nodes, IOptions<MembershipOptions> options, TimeProvider time)
{
    private readonly ConcurrentDictionary<string, Confirmations> _pending = new(StringComparer.Ordinal);
    private long _removals;

    /// <summary>Completes when every node has confirmed, or after <see cref="MembershipOptions.RemovalTimeout"/>.</summary>
    /// <exception cref="BackplaneUnavailableException">The removal may or may not be published; trying again is safe.</exception>
    public async Task<Confirmed> RemoveAsync(Topic group, string userId, long generation)
    {
        // The id has colons. A client's id has none, and so cannot be taken for this one (the script drops ids that it has seen).
        var id = string.Create(CultureInfo.InvariantCulture, $"{node.Id}:left:{Interlocked.Increment(ref _removals)}");
        using var pending = new Confirmations(node, nodes);
        _pending[id] = pending;
        try
        {
            await PublishAsync(group, userId, generation, id);
            await pending.DoneAsync().WaitAsync(options.Value.RemovalTimeout, time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
            return pending.Result;
        }
        finally
        {
            _pending.TryRemove(id, out _);
        }
    }

    /// <inheritdoc cref="IMembershipListener.OnRemoved"/>
    public void OnRemoved(ReadOnlySpan<byte> id)
    {
        var colon = id.IndexOf((byte)':');
        if (colon > 0)
        {
            backplane.ConfirmRemoval(Encoding.UTF8.GetString(id[..colon]), id);
        }
    }

    /// <inheritdoc cref="IMembershipListener.OnConfirmed"/>
    public void OnConfirmed(string id, string node)
    {
        if (_pending.TryGetValue(id, out var pending))
        {
            pending.Confirm(node);
        }
    }

    private async Task PublishAsync(Topic group, string userId, long generation, string id)
    {
        var outcome = new PublishOutcome();
        backplane.Publish(
            new Publication
            {
                Kind = group.Kind,
                Topic = group.Utf8Name.Span,
                From = JsonText.Escape(userId),
                Msg = Encoding.ASCII.GetBytes(generation.ToString(CultureInfo.InvariantCulture)),
                MsgId = Encoding.ASCII.GetBytes(id),
                IsRemoval = true,
            },
            outcome);
        await outcome.Task;
    }
}
