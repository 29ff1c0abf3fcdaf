using System.Diagnostics.CodeAnalysis;

namespace Chat.Api.Redis.Resp;

/// <summary>A command that lets others pass while the link is congested.</summary>
internal interface IPatientCommand : IRespReply
{
    /// <summary>The command. It does not change until it has its reply or has failed.</summary>
    ReadOnlySpan<byte> Bytes { get; }

    /// <summary>Where the server's life (<see cref="ServerLife"/>) is filled in when the command is sent; -1 if nowhere.</summary>
    int LifeAt => -1;

    /// <summary>The party to which it belongs. Parties take turns.</summary>
    string Party { get; }
}

/// <summary>Commands that wait for room on a link. Parties take turns, by bytes (deficit round robin, Shreedhar and Varghese 1995): a party that sends
/// much waits behind its own commands, and no other party does. A party's commands keep their order. Not thread-safe.</summary>
internal sealed class FairQueue(int capacity)
{
    private const int Quantum = 16 * 1024; // bytes per turn

    private readonly Dictionary<string, Lane> _lanes = new(StringComparer.Ordinal);
    private readonly Queue<Lane> _turns = new(); // those of _lanes, the next to be served first
    private int _bytes;

    public bool IsEmpty => _turns.Count == 0;

    /// <summary>Returns false if more of this party would be waiting than there is room left for others. So there is always some room left.</summary>
    public bool TryAdd(IPatientCommand command)
    {
        var party = command.Party;
        var length = command.Bytes.Length;
        var lane = _lanes.GetValueOrDefault(party);
        if ((lane?.Bytes ?? 0) + length > capacity - _bytes)
        {
            return false;
        }

        if (lane is null)
        {
            lane = _lanes[party] = new Lane(party);
            _turns.Enqueue(lane);
        }

        lane.Commands.Enqueue(command);
        lane.Bytes += length;
        _bytes += length;
        return true;
    }

    /// <summary>Takes the command whose turn it is.</summary>
    public bool TryTake([NotNullWhen(true)] out IPatientCommand? command)
    {
        while (_turns.TryPeek(out var lane))
        {
            var length = lane.Commands.Peek().Bytes.Length;
            if (lane.Credit >= length)
            {
                command = lane.Commands.Dequeue();
                lane.Credit -= length;
                lane.Bytes -= length;
                _bytes -= length;
                if (lane.Commands.Count == 0)
                {
                    _turns.Dequeue();
                    _lanes.Remove(lane.Party);
                }

                return true;
            }

            lane.Credit += Quantum;
            _turns.Enqueue(_turns.Dequeue());
        }

        command = null;
        return false;
    }

    private sealed class Lane(string party)
    {
        public readonly Queue<IPatientCommand> Commands = new();
        public int Credit = Quantum;
        public int Bytes;

        public string Party => party;
    }
}
