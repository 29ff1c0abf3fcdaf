using System.Text;

namespace Chat.Api.Redis;

/// <summary>What a Redis server acknowledged last over one link. If a later life of the server has that, it has everything acknowledged
/// over this link.</summary>
/// <remarks>A Redis that comes back older than it was has a beginning of its history: the data file, the append-only file and the data of
/// a replica are all written in the order of the commands. So one position, the latest, speaks for all before it. Acknowledging a message
/// that was there already is a write of its own, which <see cref="Ack.Repetition"/> counts.</remarks>
internal sealed class LastAck(TimeProvider time)
{
    private readonly Lock _gate = new(); // guards what follows
    private byte[] _topic = new byte[64];
    private byte[] _epoch = new byte[32];
    private int _topicLength;
    private int _epochLength;
    private long _offset; // 0: none
    private long _repetition;
    private string _life = "";
    private long _at;

    /// <summary>Called for each acknowledgement: allocates nothing.</summary>
    public void Note(string life, ReadOnlySpan<byte> topic, ReadOnlySpan<byte> epoch, long offset, long repetition)
    {
        lock (_gate)
        {
            (_topicLength, _epochLength) = (Keep(topic, ref _topic), Keep(epoch, ref _epoch));
            (_life, _offset, _repetition, _at) = (life, offset, repetition, time.GetTimestamp());
        }
    }

    /// <summary>The last acknowledgement, if it is from another life than this.</summary>
    /// <param name="life">This life.</param>
    /// <param name="age">An older acknowledgement does not count: its topic may have been forgotten by now, with nothing lost.</param>
    public Ack? OfAnotherLife(string life, TimeSpan age)
    {
        lock (_gate)
        {
            return _offset > 0 && _life != life && time.GetElapsedTime(_at) < age
                ? new Ack(_life, _topic[.._topicLength], Encoding.ASCII.GetString(_epoch, 0, _epochLength), _offset, _repetition, _at)
                : null;
        }
    }

    /// <summary>The acknowledgement has been looked for in another life. Does nothing if there are later ones by now.</summary>
    /// <param name="ack">The acknowledgement that was looked for.</param>
    /// <param name="life">The life that has it, and whose successor should have it. Null: it is lost, and there is nothing to look for
    /// any more.</param>
    public void Settle(Ack ack, string? life)
    {
        lock (_gate)
        {
            if (_life == ack.Life && (_offset, _repetition) == (ack.Offset, ack.Repetition)
                && _topic.AsSpan(0, _topicLength).SequenceEqual(ack.Topic) && Ascii.Equals(_epoch.AsSpan(0, _epochLength), ack.Epoch))
            {
                (_life, _offset) = life is null ? (_life, 0) : (life, _offset);
            }
        }
    }

    private static int Keep(ReadOnlySpan<byte> bytes, ref byte[] kept)
    {
        if (kept.Length < bytes.Length)
        {
            kept = new byte[bytes.Length];
        }

        bytes.CopyTo(kept);
        return bytes.Length;
    }
}

/// <summary>An acknowledged position.</summary>
/// <param name="Life">The life of the server that acknowledged it.</param>
/// <param name="Topic">The topic's name.</param>
/// <param name="Epoch">The epoch.</param>
/// <param name="Offset">The offset.</param>
/// <param name="Repetition">If not 0, the message was there already, and this is how many such messages there had been in the topic.</param>
/// <param name="At">When it was acknowledged: a timestamp.</param>
internal sealed record Ack(string Life, byte[] Topic, string Epoch, long Offset, long Repetition, long At)
{
    /// <summary>Whether a log still has it, judging by the meta fields e, o, p and n (publish.lua).</summary>
    public bool IsIn(string? epoch, long last, string? lineage, long repetitions)
    {
        if (Repetition > 0)
        {
            return repetitions >= Repetition;
        }

        if (epoch == Epoch)
        {
            return last >= Offset;
        }

        foreach (var entry in (lineage ?? "").Split(' '))
        {
            // {epoch}:{last offset}@{life}
            if (entry.StartsWith(Epoch + ":", StringComparison.Ordinal) && entry.IndexOf('@', StringComparison.Ordinal) is > 0 and var at
                && long.TryParse(entry.AsSpan(Epoch.Length + 1, at - Epoch.Length - 1), System.Globalization.CultureInfo.InvariantCulture, out var end))
            {
                return end >= Offset;
            }
        }

        return false;
    }
}
