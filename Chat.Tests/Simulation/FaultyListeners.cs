using System.Text;
using Chat.Api.Backplane;
using Chat.Api.Messages;

namespace Chat.Tests.Simulation;

/// <summary><see cref="Fault.DoubtLostDuringRead"/>.</summary>
internal sealed class DoubtsLost(IBackplaneListener inner, SimulatedNode node) : IBackplaneListener
{
    public IEnumerable<Topic> Held => inner.Held;

    public void OnEnvelope(ReadOnlySpan<byte> topic, ReadOnlySpan<byte> envelope) => inner.OnEnvelope(topic, envelope);

    public void OnRemoval(ReadOnlySpan<byte> envelope) => inner.OnRemoval(envelope);

    public void OnHead(ReadOnlySpan<byte> topic, ReadOnlySpan<byte> epoch, long offset)
    {
        if (node.Backplane.Reads.GetValueOrDefault(Encoding.UTF8.GetString(topic)) == 0)
        {
            inner.OnHead(topic, epoch, offset);
        }
    }

    public void OnJoined(GroupJoin join) => inner.OnJoined(join);

    public void OnRemovalConfirmed(string id, string node) => inner.OnRemovalConfirmed(id, node);

    public void OnLifeBroken(string life) => inner.OnLifeBroken(life);

    public void OnRestored()
    {
        if (node.Backplane.Reads.Values.All(reads => reads == 0))
        {
            inner.OnRestored();
        }
    }

    public void OnRestored(ReadOnlySpan<byte> topic) => inner.OnRestored(topic);

    public void OnRoundEnd() => inner.OnRoundEnd();

    public void OnBatchEnd() => inner.OnBatchEnd();
}

/// <summary><see cref="Fault.RemovalOverlookedInLog"/>: a removal that is read from the log looks like a message of the user.</summary>
internal sealed class RemovalsOverlooked(IBackplane inner) : IBackplane
{
    public bool IsReady(out string reason) => inner.IsReady(out reason);

    public bool IsReadable(Topic topic, out string reason) => inner.IsReadable(topic, out reason);

    public void Publish(in Publication publication, IPublishOutcome outcome) => inner.Publish(publication, outcome);

    public Task SubscribeAsync(Topic topic) => inner.SubscribeAsync(topic);

    public void Unsubscribe(Topic topic) => inner.Unsubscribe(topic);

    public async Task<LogPage> ReadAsync(Topic topic, string epoch, long since, int limit, ReadBounds bounds = default)
    {
        var page = await inner.ReadAsync(topic, epoch, since, limit, bounds);
        return page with { Envelopes = [.. page.Envelopes.Select(Disguise)] };
    }

    public async Task<LogPage> ReadLatestAsync(Topic topic, int most)
    {
        var page = await inner.ReadLatestAsync(topic, most);
        return page with { Envelopes = [.. page.Envelopes.Select(Disguise)] };
    }

    public Task<LogPage> EndEpochAsync(Topic topic, string epoch) => inner.EndEpochAsync(topic, epoch);

    public void ConfirmRemoval(string node, ReadOnlySpan<byte> id) => inner.ConfirmRemoval(node, id);

    public void AnnounceJoin(GroupJoin join) => inner.AnnounceJoin(join);

    public Task<long> CountSubscribersAsync(Topic topic) => inner.CountSubscribersAsync(topic);

    private static byte[] Disguise(byte[] envelope) =>
        Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(envelope).Replace("\"Kind\":\"left\"", "\"Kind\":\"\"", StringComparison.Ordinal));
}
