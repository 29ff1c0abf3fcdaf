using Chat.Api.Redis.Resp;

namespace Chat.Api.Redis;

/// <summary>The commands of one slot of a Redis Cluster that are under way.</summary>
/// <remarks>
/// <para>Guarantee: those of a user are carried out in the order in which they were sent, while the slot moves from server to server.</para>
/// <para>Mechanism: all that is under way is so to one server, which answers in order. One that gives a slot away turns commands away (ASK while its
/// keys are moving, MOVED afterwards). From the first such answer on, new ones wait here; when everything under way has its answer, those turned away are
/// sent again, in their order, and then those that waited. The same is done when news of another owner comes from elsewhere. Answers that are
/// older than what is known by now therefore cost a round trip, and never the order. One whose keys are in part here and in part there (TRYAGAIN) is
/// sent again after a moment, and the rest waits for it. While keys are moving, those sent again go one at a time. So does the first that goes to another
/// server, until that has carried it out as its own: that server may turn it away and be the owner a moment later, for those right behind it.</para>
/// <para>Failure: a server that does not answer holds up the slot until its link breaks, after the time for commands; then what was under way
/// has failed, and the rest goes on.</para>
/// </remarks>
internal sealed class SlotTraffic(RedisServers servers, int slot)
{
    private const int MostWaiting = 8 * 1024 * 1024; // bytes, as on a link
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(5);

    private readonly Lock _gate = new(); // guards what follows; taken before a link's own lock, never behind it
    private readonly PriorityQueue<TurnedAway, long> _turnedAway = new(); // and what waits goes behind it; as long as there is either, something is under way, or a moment is waited
    private FairQueue? _waiting;
    private RespLink? _link; // by which everything under way has gone
    private bool _isOwner; // the server at its end, by its last answer
    private bool _isAsking; // the last one was sent so, alone
    private int _underWay;
    private long _turns; // given out

    private bool IsHeld => _turnedAway.Count > 0 || _waiting is { IsEmpty: false };

    /// <summary>Sends a command to the owner, or keeps it until it is its turn. False: neither, there is no way or no room.</summary>
    public bool TrySend(RedisCommand command)
    {
        var owner = servers.OwnerOf(slot);
        command.Traffic = this; // the command is the link's once it is sent
        lock (_gate)
        {
            return !IsHeld && MaySendTo_NeedsLock(owner)
                ? TrySend_NeedsLock(command, owner)
                : (_waiting ??= new FairQueue(MostWaiting)).TryAdd(command);
        }
    }

    /// <summary>A command has been carried out, or has failed.</summary>
    /// <param name="isAnswered">Whether its server said so; else the link broke.</param>
    public void Ended(bool isAnswered) => Answered(null, isAnswered);

    /// <summary>A server has not carried a command out, but has said where it should go.</summary>
    /// <param name="command">The command.</param>
    /// <param name="to">Where to.</param>
    /// <param name="isAsking">Whether that one has to be told that it was asked for this.</param>
    public void Redirected(RedisCommand command, RespLink to, bool isAsking) => Answered(new TurnedAway(command, to, isAsking), isAnswered: true);

    /// <summary>A server has not carried a command out, and may do so in a moment.</summary>
    public void Postponed(RedisCommand command) => Answered(new TurnedAway(command, null, false), isAnswered: true);

    private void Answered(TurnedAway? turnedAway, bool isAnswered)
    {
        List<RedisCommand>? failed = null;
        lock (_gate)
        {
            _underWay--;
            _isOwner = isAnswered && turnedAway is null && !_isAsking;
            if (turnedAway is { } one)
            {
                _turnedAway.Enqueue(one, one.Command.Turn); // before those that have yet to be sent again, if it was sent before them
            }

            if (_underWay > 0 || !IsHeld)
            {
                return;
            }

            if (_turnedAway.TryPeek(out var first, out _) && first.To is null)
            {
                _ = GoOnInAMomentAsync();
            }
            else
            {
                failed = GoOn_NeedsLock();
            }
        }

        Refuse(failed);
    }

    private async Task GoOnInAMomentAsync()
    {
        await Task.Delay(Moment);
        List<RedisCommand>? failed;
        lock (_gate)
        {
            failed = GoOn_NeedsLock();
        }

        Refuse(failed);
    }

    private List<RedisCommand>? GoOn_NeedsLock()
    {
        List<RedisCommand>? failed = null;
        var owner = servers.OwnerOf(slot);
        while (_turnedAway.TryPeek(out var next, out _) && MaySendTo_NeedsLock(next.To ?? owner))
        {
            _turnedAway.Dequeue();
            if (!TrySend_NeedsLock(next.Command, next.To ?? owner, isPatient: false, next.IsAsking))
            {
                (failed ??= []).Add(next.Command);
            }
            else if (next.To is null || next.IsAsking)
            {
                return failed; // alone: its keys may be there in part, and all of them when the next one comes
            }
        }

        while (_turnedAway.Count == 0 && MaySendTo_NeedsLock(owner) && _waiting?.TryTake(out var next) is true)
        {
            var command = (RedisCommand)next;
            if (!TrySend_NeedsLock(command, owner))
            {
                (failed ??= []).Add(command);
            }
        }

        _waiting = _waiting is { IsEmpty: true } ? null : _waiting;
        return failed;
    }

    // Outside of the lock: whoever hears of it may send the next.
    private static void Refuse(List<RedisCommand>? failed) => failed?.ForEach(static command => command.Refuse());

    private bool MaySendTo_NeedsLock(RespLink link) => _underWay == 0 || (_isOwner && _link == link);

    private bool TrySend_NeedsLock(RedisCommand command, RespLink link) => TrySend_NeedsLock(command, link, command.IsPatient, isAsking: false);

    private bool TrySend_NeedsLock(RedisCommand command, RespLink link, bool isPatient, bool isAsking)
    {
        command.Turn = command.Turn == 0 ? ++_turns : command.Turn; // before: the command is the link's once it is sent
        if (!command.TrySend(link, isPatient, isAsking))
        {
            return false;
        }

        _isOwner &= _link == link;
        (_link, _isAsking) = (link, isAsking);
        _underWay++;
        return true;
    }

    /// <param name="Command">The command.</param>
    /// <param name="To">Where it has to go; null: to the owner, in a moment.</param>
    /// <param name="IsAsking">Whether that one has to be told.</param>
    private readonly record struct TurnedAway(RedisCommand Command, RespLink? To, bool IsAsking);
}
