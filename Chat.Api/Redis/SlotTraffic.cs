using Chat.Api.Redis.Resp;

namespace Chat.Api.Redis;

/// <summary>The commands of one slot of a Redis Cluster that are under way.</summary>
/// <remarks>
/// <para>Guarantee: a user's commands are carried out in the order in which they were sent, even while the slot moves from server to server.</para>
/// <para>Mechanism: all commands under way go to one server, which answers in order. A server that gives a slot away turns commands away (ASK while
/// the slot's keys are moving, MOVED afterwards). From the first such answer on, new commands wait here. When everything under way has its answer, the
/// commands that were turned away are sent again, in their order, and then those that waited. The same is done when news of another owner comes from
/// elsewhere. So an answer that is older than what is known by now costs a round trip, but never the order. A command whose keys are partly here and
/// partly there (TRYAGAIN) is sent again after a moment, and the rest waits for it. While keys are moving, commands that are sent again go one at a
/// time. So does the first command that goes to another server, until that server has carried it out as its own: that server may turn the first one
/// away, and be the owner a moment later, when those right behind it arrive.</para>
/// <para>Failure: a server that does not answer holds up the slot until its link breaks, after the time limit for commands. Then
/// everything under way has failed, and the rest goes on.</para>
/// </remarks>
internal sealed class SlotTraffic(RedisServers servers, int slot)
{
    private const int MostWaiting = 8 * 1024 * 1024; // bytes, as on a link
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(5);

    private readonly Lock _gate = new(); // guards what follows; taken before a link's own lock, never while holding that
    private readonly PriorityQueue<TurnedAway, long> _turnedAway = new(); // waiting commands go after these; while there are any of either, something is under way or a moment is waited
    private FairQueue? _waiting;
    private RespLink? _link; // over which everything under way was sent
    private bool _isOwner; // whether the server at its end owned the slot, by its last answer
    private bool _isAsking; // whether the last command was sent with ASKING, alone
    private int _underWay;
    private long _turns; // given out

    private bool IsHeld => _turnedAway.Count > 0 || _waiting is { IsEmpty: false };

    /// <summary>Sends a command to the owner, or keeps it until it is its turn. Returns false if it does neither: there is no way or no
    /// room.</summary>
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
    /// <param name="isAnswered">Whether its server said so; otherwise the link broke.</param>
    public void Ended(bool isAnswered) => Answered(null, isAnswered);

    /// <summary>A server has not carried a command out, but has said where it should go.</summary>
    /// <param name="command">The command.</param>
    /// <param name="to">The link to the server where it should go.</param>
    /// <param name="isAsking">Whether that server has to be told that it was asked for this (ASKING).</param>
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
                return failed; // alone: only some of its keys may be there now, but all of them when the next command comes
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

    // Outside of the lock: whoever is told of a failure may send the next command.
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
    /// <param name="To">The link to the server where it has to go; null: to the owner, in a moment.</param>
    /// <param name="IsAsking">Whether that server has to be told (ASKING).</param>
    private readonly record struct TurnedAway(RedisCommand Command, RespLink? To, bool IsAsking);
}
