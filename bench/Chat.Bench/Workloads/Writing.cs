using Chat.Bench.Clients;
using Chat.Bench.Measuring;

namespace Chat.Bench.Workloads;

/// <summary>The beginning and the end of the writing.</summary>
internal sealed record Period(long Begin, long End);

/// <summary>Writes at a steady rate, whatever becomes of the messages. Each counts from when it was due, so that one that is sent late does not look
/// fast.</summary>
/// <param name="writers">The connections that write in turn.</param>
/// <param name="interval">Time between two messages of this loop, in microseconds.</param>
/// <param name="first">Delay of its first message, in microseconds, so that loops write at different times.</param>
/// <param name="times">When to write.</param>
internal sealed class SteadyWriting(Connection[] writers, double interval, double first, Period times) : ITurn
{
    private const int AtOnce = 64; // then it is time to receive

    private long _count;

    public long? Do(Loop loop, long now)
    {
        for (var i = 0; i < AtOnce && writers.Length > 0; i++)
        {
            var due = times.Begin + (long)(first + (_count * interval));
            if (due >= times.End)
            {
                return null;
            }

            if (due > now)
            {
                return due;
            }

            var writer = writers[_count++ % writers.Length];
            if (writer.IsReady)
            {
                loop.Write(writer, due);
            }
        }

        return now < times.End && writers.Length > 0 ? now : null;
    }
}

/// <summary>Writes as many messages as get through: more are sent whenever fewer deliveries are under way than the window has room for.</summary>
internal sealed class FullWriting(Connection[] writers, int window, UnderWay underWay, Period times) : ITurn
{
    private const int AtOnce = 64;
    private const long Patience = Clock.Second; // after this long without arrivals, the outstanding ones are lost or the server stands still

    private long _count;
    private long _movedAt = times.Begin;
    private long _received;

    public long? Do(Loop loop, long now)
    {
        if (now >= times.End || writers.Length == 0)
        {
            return null;
        }

        if (now < times.Begin)
        {
            return times.Begin;
        }

        var stillness = loop.Counts.Received == _received ? now - _movedAt : 0;
        (_received, _movedAt) = (loop.Counts.Received, stillness == 0 ? now : _movedAt);
        if (stillness > Patience)
        {
            underWay.Forget();
            _movedAt = now;
        }

        for (var i = 0; i < AtOnce; i++)
        {
            if (underWay.Count >= window)
            {
                return now + (Clock.Second / 1000);
            }

            var writer = writers[_count++ % writers.Length];
            if (writer.IsReady)
            {
                loop.Write(writer, Clock.Now);
            }
        }

        return now;
    }
}
