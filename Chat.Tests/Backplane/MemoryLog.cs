using System.Globalization;
using System.Text;
using Chat.Api.Backplane;
using Chat.Api.Messages;

namespace Chat.Tests.Backplane;

/// <summary>One topic's log as Redis keeps it (publish.lua, read.lua, epoch.lua), without expiry and without a clock.</summary>
internal sealed class MemoryLog
{
    private const int Remembered = 8; // ended epochs in the lineage, as in epoch.lua

    private readonly List<byte[]> _envelopes = [];
    private readonly List<(string Ended, long At, string Life)> _lineage = []; // newest first
    private readonly Dictionary<string, long> _ids = [];
    private string? _life;
    private int _epochs;
    private long _trimmed;

    public string Epoch { get; private set; } = "";

    public long Last => _trimmed + _envelopes.Count;

    public byte[] Newest => _envelopes[^1];

    /// <summary>Called at the beginning of every access. In another life of Redis a new epoch continues from the end of the last one.</summary>
    public void LiveIn(string life)
    {
        if (_life == life)
        {
            return;
        }

        if (_life is not null)
        {
            Remember(life);
        }

        _life = life;
        BeginEpoch();
    }

    /// <param name="id">Identifies a message that comes again, or null.</param>
    /// <param name="tail">The envelope after offset and epoch.</param>
    /// <param name="offset">The message's offset.</param>
    /// <returns>False if the message was there already.</returns>
    public bool Append(string? id, ReadOnlySpan<byte> tail, out long offset)
    {
        if (id is not null && _ids.TryGetValue(id, out offset))
        {
            return false;
        }

        offset = Last + 1;
        if (id is not null)
        {
            _ids[id] = offset;
        }

        _envelopes.Add([.. Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{{\"Offset\":{offset},\"Epoch\":\"{Epoch}\",")), .. tail]);
        return true;
    }

    /// <summary>Deletes a message and appends the notice of that. Returns where the notice stands; offset 0: there is no such message.</summary>
    public (string Epoch, long Offset) Delete(string position, ReadOnlySpan<byte> tail)
    {
        for (var i = 0; i < _envelopes.Count; i++)
        {
            if (!Envelope.TryParse(_envelopes[i], out var envelope) || position != string.Create(CultureInfo.InvariantCulture, $"{Encoding.ASCII.GetString(envelope.Epoch)}:{envelope.Offset}"))
            {
                continue;
            }

            if (envelope.IsGone)
            {
                var notice = Encoding.ASCII.GetString(envelope.Msg).Split(':');
                return (notice[0], long.Parse(notice[1], CultureInfo.InvariantCulture));
            }

            if (!envelope.Kind.IsEmpty)
            {
                return ("", 0);
            }

            var id = Encoding.UTF8.GetString(envelope.Id);
            var head = string.Create(CultureInfo.InvariantCulture, $"{{\"Offset\":{envelope.Offset},\"Epoch\":\"{Encoding.ASCII.GetString(envelope.Epoch)}\",\"At\":{envelope.At},\"Id\":\"{id}\"");
            Append(null, [.. tail[..^2], .. Encoding.UTF8.GetBytes($":{id}\"}}")], out var offset);
            _envelopes[i] = Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{head},\"Kind\":\"gone\",\"FromId\":\"-\",\"Msg\":\"{Epoch}:{offset}\"}}"));
            return (Epoch, offset);
        }

        return ("", 0);
    }

    /// <summary>Adds an entry that nobody published.</summary>
    public void Add(byte[] utf8) => _envelopes.Add(utf8);

    public LogPage Read(string epoch, long since, int limit, BrokenLives broken, int bytes = 0)
    {
        var room = bytes > 0 ? bytes : int.MaxValue;
        var crossed = _lineage.FindIndex(entry => entry.Ended == epoch) + 1;
        var common = epoch == Epoch ? Last : crossed > 0 ? _lineage[crossed - 1].At : -1;
        var from = epoch.Length == 0 && since < 0 ? Math.Max(0, Last + since) : Math.Min(since, common);
        return new LogPage(Epoch, Last, from >= 0 ? [.. _envelopes.Skip((int)Math.Max(0, from - _trimmed)).Take(limit).TakeWhile(envelope => (room -= envelope.Length) + envelope.Length > 0)] : [], common)
        {
            Lineage = new Lineage([.. _lineage.Select(entry => new EndedEpoch(entry.Ended, entry.Life))], crossed, broken),
        };
    }

    /// <summary>Ends an epoch whose offsets were given twice. The entries stay.</summary>
    public void EndEpoch(string epoch)
    {
        if (epoch == Epoch)
        {
            _lineage.Clear();
            BeginEpoch();
        }
    }

    /// <summary>Ends an epoch so that clients that resume from it are told of a loss.</summary>
    public void EndBehindHole(string epoch)
    {
        if (epoch == Epoch)
        {
            Remember(Lineage.Hole);
            BeginEpoch();
        }
    }

    /// <summary>Keeps only the newest messages.</summary>
    public void Trim(int kept)
    {
        var gone = Math.Max(0, _envelopes.Count - kept);
        _envelopes.RemoveRange(0, gone);
        _trimmed += gone;
        ForgetIds(offset => offset <= _trimmed);
    }

    /// <summary>Comes back in an earlier state, without the last acknowledged messages.</summary>
    public void Forget(int last)
    {
        _envelopes.RemoveRange(_envelopes.Count - last, last);
        ForgetIds(offset => offset > Last);
        while (_lineage is [var newest, ..] && newest.At > Last)
        {
            Epoch = newest.Ended;
            _life = "one before " + newest.Life;
            _lineage.RemoveAt(0);
        }
    }

    /// <summary>Loses everything. The next epoch has another name, as it would by the clock of Redis.</summary>
    public void Clear()
    {
        _envelopes.Clear();
        _lineage.Clear();
        _ids.Clear();
        (_life, _trimmed, Epoch) = (null, 0, "");
    }

    private void Remember(string life)
    {
        _lineage.Insert(0, (Epoch, Last, life));
        _lineage.RemoveRange(Math.Min(Remembered, _lineage.Count), Math.Max(0, _lineage.Count - Remembered));
    }

    private void BeginEpoch() => Epoch = "e" + ++_epochs;

    private void ForgetIds(Func<long, bool> isGone)
    {
        foreach (var id in _ids.Where(known => isGone(known.Value)).Select(known => known.Key).ToList())
        {
            _ids.Remove(id);
        }
    }
}
