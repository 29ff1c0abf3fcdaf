using System.Buffers.Text;
using System.Text;
using Chat.Api.Backplane;
using Chat.Api.Messages;

namespace Chat.Api.Redis;

/// <summary>The nodes' own channels, besides those of topics.</summary>
internal sealed class NodeChannels(RedisKeys keys, string nodeId, SubscriptionTicks ticks, IBackplaneListener listener)
{
    private readonly byte[] _removals = keys.RemovalChannel;
    private readonly byte[] _confirmations = keys.ConfirmationChannel(nodeId);
    private readonly byte[] _heads = keys.HeadsChannel;
    private readonly byte[] _joins = keys.JoinsChannel;

    /// <summary>The channel on which this node publishes to itself.</summary>
    public byte[] Tick { get; } = keys.TickChannel(nodeId);

    public byte[][] All => [Tick, _removals, _confirmations, _heads, _joins];

    /// <summary>Returns false if the channel is none of these.</summary>
    public bool TryHear(ReadOnlySpan<byte> channel, ReadOnlySpan<byte> message)
    {
        if (channel.SequenceEqual(Tick))
        {
            ticks.Heard(message);
        }
        else if (channel.SequenceEqual(_removals))
        {
            listener.OnRemoval(message);
        }
        else if (channel.SequenceEqual(_confirmations))
        {
            HearConfirmation(message);
        }
        else if (channel.SequenceEqual(_joins))
        {
            if (GroupJoin.Parse(message) is { } join)
            {
                listener.OnJoined(join);
            }
        }
        else if (channel.SequenceEqual(_heads))
        {
            HearHeads(message);
        }
        else
        {
            return false;
        }

        return true;
    }

    // {id} {node}
    private void HearConfirmation(ReadOnlySpan<byte> confirmation)
    {
        if (confirmation.IndexOf((byte)' ') is > 0 and var space)
        {
            listener.OnRemovalConfirmed(Encoding.UTF8.GetString(confirmation[..space]), Encoding.UTF8.GetString(confirmation[(space + 1)..]));
        }
    }

    // {epoch} {offset} {topic}, one per line. Anything else is ignored: anyone with access to Redis can publish anything.
    private void HearHeads(ReadOnlySpan<byte> lines)
    {
        foreach (var range in lines.Split((byte)'\n'))
        {
            var line = lines[range];
            if (line.IndexOf((byte)' ') is > 0 and var space
                && Utf8Parser.TryParse(line[(space + 1)..], out long offset, out var digits)
                && line[(space + 1 + digits)..] is [(byte)' ', .. var topic])
            {
                listener.OnHead(topic, line[..space], offset);
            }
        }
    }
}
