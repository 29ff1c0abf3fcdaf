using System.Globalization;
using System.Text;
using Chat.Api.Backplane;
using Chat.Api.Messages;
using Chat.Api.Redis;

namespace Chat.Tests.Simulation;

// Simulates publish.lua, read.lua and epoch.lua, without expiry, and without nodes that are late to notice a life: here, each life ends all links.
internal sealed partial class SimulatedRedis
{
    private const int Remembered = 8; // ended epochs in a log's lineage, as in epoch.lua
    private static readonly TimeSpan Age = TimeSpan.FromMinutes(10);

    /// <returns>The log's epoch; the message's offset, which is an old one if it was there already; the number of this repetition, 0 if the message
    /// is new; and the epoch in which the message stands.</returns>
    public (string Epoch, long Offset, long Repetition, string Stands) Publish(string topic, string channel, string? id, byte[] tail, string life, DateTimeOffset nodesNow)
    {
        var log = LiveLog(topic, life);
        if (id is not null && Find(log, id) is { } seen)
        {
            log = log with { Repetitions = log.Repetitions + 1 };
            Set("log:" + topic, log);
            return (log.Epoch, seen.Offset, log.Repetitions, seen.Epoch);
        }

        var offset = log.Last + 1;
        byte[] envelope = [.. Head(offset, log.Epoch), .. tail];
        var at = world.Fault == Fault.TrimmedByNodesClock ? nodesNow.Ticks : world.Now;
        log = log with { Last = offset, Newest = new Entry(log.Newest, log.Epoch, offset, id, envelope, at, IsNotice: Envelope.TryParse(envelope, out var parsed) && parsed.IsRemoval) };
        log = log with { First = FirstKept(log, at) };
        Set("log:" + topic, log);
        model.OnAppended(this, topic, log.Epoch, offset, envelope, log.First);
        Publish(channel, envelope);
        return (log.Epoch, offset, 0, log.Epoch);
    }

    /// <returns>As for a message; offset 0 if the log has no such message.</returns>
    public (string Epoch, long Offset, long Repetition, string Stands) Delete(string topic, LogPosition position, byte[] tail, string life)
    {
        if (Log(topic) is null)
        {
            return ("", 0, 0, "");
        }

        var log = LiveLog(topic, life);
        var found = log.Newest;
        while (found is not null && found.Offset >= log.First && (found.Offset, found.Epoch) != (position.Offset, position.Epoch))
        {
            found = found.Before;
        }

        if (found is null || found.Offset < log.First || found.IsNotice || !Envelope.TryParse(found.Envelope, out var message))
        {
            return ("", 0, 0, "");
        }

        if (found.Notice is { } notice)
        {
            log = log with { Repetitions = log.Repetitions + 1 };
            Set("log:" + topic, log);
            return (log.Epoch, notice.Offset, log.Repetitions, notice.Epoch);
        }

        var offset = log.Last + 1;
        var id = Encoding.ASCII.GetString(message.Id);
        byte[] envelope = [.. Head(offset, log.Epoch), .. tail[..^2], .. Encoding.ASCII.GetBytes($":{id}\"}}")];
        byte[] gone =
        [
            .. Head(found.Offset, found.Epoch),
            .. Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"\"At\":{message.At},\"Id\":\"{id}\",\"Kind\":\"gone\",\"FromId\":\"-\",\"Msg\":\"{log.Epoch}:{offset}\"}}")),
        ];
        var replaced = found with { Envelope = world.Fault == Fault.DeletedTextKept ? found.Envelope : gone, Notice = new LogPosition(log.Epoch, offset) };
        log = log with { Last = offset, Newest = new Entry(Replace(log.Newest!, found, replaced), log.Epoch, offset, null, envelope, world.Now, IsNotice: true) };
        log = log with { First = FirstKept(log, world.Now) };
        Set("log:" + topic, log);
        model.OnAppended(this, topic, log.Epoch, offset, envelope, log.First);
        Publish("heads", Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{log.Epoch} {offset} {topic}\n")));
        return (log.Epoch, offset, 0, log.Epoch);
    }

    public LogPage Read(string topic, string epoch, long since, int limit, string life, string ends, string why, BrokenLives broken)
    {
        var isEnded = Log(topic)?.Epoch == ends;
        var log = isEnded && why == Lineage.Hole ? NextEpoch(topic, life, why) : LiveLog(topic, life);
        if (isEnded && log.Epoch == ends)
        {
            log = log with { Epoch = NewEpoch(topic), Lineage = [] };
            Set("log:" + topic, log);
        }

        if (world.Fault == Fault.LogDeletedOnReturn && epoch.Length > 0 && log.Epoch != epoch)
        {
            log = new LogState(NewEpoch(topic), life, 0, 1, null, [], 0);
            Set("log:" + topic, log);
        }

        var crossed = Array.FindIndex(log.Lineage, entry => entry.Ended == epoch) + 1;
        var common = epoch == log.Epoch ? log.Last : crossed > 0 ? log.Lineage[crossed - 1].At : -1;
        var from = epoch.Length == 0 && since < 0 ? Math.Max(0, log.Last + since) : Math.Min(since, common);
        return new LogPage(log.Epoch, log.Last, from >= 0 ? Page(log, from, limit) : [], common)
        {
            Lineage = new Lineage([.. log.Lineage.Select(entry => new EndedEpoch(entry.Ended, entry.Life))], crossed, broken) { Epochs = (epoch, log.Epoch) },
        };
    }

    /// <summary>The check that <see cref="LastAckCheck"/> asks for.</summary>
    public bool Has(Ack ack)
    {
        var log = Log(Encoding.UTF8.GetString(ack.Topic));
        return ack.IsIn(
            log?.Epoch, log?.Last ?? 0,
            log is null ? null : string.Join(' ', log.Lineage.Select(entry => string.Create(CultureInfo.InvariantCulture, $"{entry.Ended}:{entry.At}@{entry.Life}"))),
            log?.Repetitions ?? 0);
    }

    /// <summary>The end of a log, and its first offset that is still there.</summary>
    public (string Epoch, long First, long Last) Where(string topic) => Log(topic) is { } log ? (log.Epoch, log.First, log.Last) : ("", 1, 0);

    /// <summary>Whether the log has had this message and has not lost it. It may have been trimmed.</summary>
    public bool HasHad(string topic, string epoch, long offset)
    {
        for (var entry = Log(topic)?.Newest; entry is not null && entry.Offset >= offset; entry = entry.Before)
        {
            if (entry.Offset == offset)
            {
                return entry.Epoch == epoch;
            }
        }

        return false;
    }

    private LogState? Log(string topic) => Get<LogState>("log:" + topic);

    // In another life of Redis a new epoch continues from the end of the last one.
    private LogState LiveLog(string topic, string life) => Log(topic) is { } log && log.Life == life ? log : NextEpoch(topic, life, life);

    private LogState NextEpoch(string topic, string life, string why)
    {
        var log = Log(topic);
        var epoch = NewEpoch(topic);
        var next = log is null
            ? new LogState(epoch, life, 0, 1, null, [], 0)
            : log with { Epoch = epoch, Life = life, Lineage = [(log.Epoch, log.Last, why), .. log.Lineage.Take(Remembered - 1)] };
        Set("log:" + topic, next);
        return next;
    }

    private string NewEpoch(string topic)
    {
        var now = Microsecond();
        var epoch = string.Create(CultureInfo.InvariantCulture, $"{now / 1_000_000:x}{now % 1_000_000:x5}");
        model.OnEpoch(topic, epoch);
        return epoch;
    }

    private Entry? Find(LogState log, string id)
    {
        var first = world.Fault == Fault.IdsForgottenEarly ? Math.Max(log.First, log.Last - 1) : log.First;
        for (var entry = log.Newest; entry is not null && entry.Offset >= first; entry = entry.Before)
        {
            if (entry.Id == id)
            {
                return entry;
            }
        }

        return null;
    }

    private static byte[] Head(long offset, string epoch) =>
        Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{{\"Offset\":{offset},\"Epoch\":\"{epoch}\","));

    private static Entry Replace(Entry newest, Entry found, Entry by) => newest == found ? by : newest with { Before = Replace(newest.Before!, found, by) };

    private long FirstKept(LogState log, long now)
    {
        var messages = 0;
        for (var entry = log.Newest; entry is not null && entry.Offset >= log.First; entry = entry.Before)
        {
            messages += entry.IsNotice ? 0 : 1; // histories never have so many removals and deletions that these count (LogOptions.MostRemovals)
            if (messages > kept || now - entry.At >= Age.Ticks)
            {
                return entry.Offset + 1;
            }
        }

        return log.First;
    }

    private static byte[][] Page(LogState log, long since, int limit)
    {
        var from = Math.Max(since + 1, log.First);
        var page = new byte[Math.Clamp(log.Last - from + 1, 0, limit)][];
        for (var entry = log.Newest; entry is not null && entry.Offset >= from; entry = entry.Before)
        {
            if (entry.Offset - from < page.Length)
            {
                page[entry.Offset - from] = entry.Envelope;
            }
        }

        return page;
    }

    private sealed record LogState(string Epoch, string Life, long Last, long First, Entry? Newest, (string Ended, long At, string Life)[] Lineage, long Repetitions);

    private sealed record Entry(Entry? Before, string Epoch, long Offset, string? Id, byte[] Envelope, long At, bool IsNotice)
    {
        /// <summary>Where it stands that this message was deleted, if it was.</summary>
        public LogPosition? Notice { get; init; }
    }
}
