using System.Text;
using Chat.Api.Backplane;
using Chat.Api.Messages;
using Chat.Api.Nodes;
using Chat.Api.Redis;

namespace Chat.Api.Admissions;

/// <summary><see cref="IUserPlaces"/> in Redis: per user a hash of node to count.</summary>
/// <remarks>A node knows its own counts and writes them as they are, never as a difference. So if an outage of Redis swallowed a write, the next one
/// makes up for it, at the latest that of <see cref="WriteAgain"/>: a user whose connections ended during the outage does not stay locked
/// out.</remarks>
internal sealed class RedisUserPlaces(RedisCommands commands, RedisKeys keys, NodeIdentity identity) : IUserPlaces
{
    private static readonly RedisScript Admit = new("admit.lua");
    private static readonly RedisScript Count = new("count.lua");

    private const int WritesPerRound = 1000;

    private static readonly TimeSpan ForgottenCountAge = TimeSpan.FromDays(2);

    public static IReadOnlyList<RedisScript> Scripts => [Admit, Count];

    private readonly byte[] _node = Encoding.ASCII.GetBytes(identity.Id);
    private readonly Lock _gate = new(); // guards the fields below; counts are sent under it, too, so that the last one written is the newest
    private readonly Dictionary<string, int> _counts = [];
    private readonly HashSet<Topic> _unwritten = [];

    public async Task<(Admittance Admittance, int Taken)> AdmitAsync(Topic user, int limit, IReadOnlyCollection<string> liveNodes, bool areAll)
    {
        var taken = 0;
        try
        {
            taken = Number(await SendAdmit(user, more: 1, limit, liveNodes, areAll));
            return (taken switch { > 0 => Admittance.Granted, 0 => Admittance.Refused, _ => Admittance.DependsOnOtherNodes }, Math.Max(taken, 0));
        }
        finally
        {
            if (taken <= 0)
            {
                Release(user);
            }
        }
    }

    /// <inheritdoc/>
    /// <remarks>Uses the same script, which writes this node's count once more and returns the sum.</remarks>
    public async Task<int> CountConnectionsAsync(Topic user, IReadOnlyCollection<string> liveNodes) =>
        Number(await SendAdmit(user, more: 0, int.MaxValue, liveNodes, areAll: false));

    public void Release(Topic user)
    {
        lock (_gate)
        {
            var left = _counts.GetValueOrDefault(user.Name) - 1;
            if (left > 0)
            {
                _counts[user.Name] = left;
            }
            else
            {
                _counts.Remove(user.Name);
            }

            Write_NeedsLock(user);
        }
    }

    public void WriteAgain()
    {
        lock (_gate)
        {
            if (_unwritten.Count == 0 || !commands.IsUp)
            {
                return;
            }

            foreach (var user in _unwritten.Take(WritesPerRound).ToList())
            {
                _unwritten.Remove(user);
                Write_NeedsLock(user);
            }
        }
    }

    private static int Number(object? reply) =>
        reply is long number ? (int)number : throw new BackplaneUnavailableException("The admit script answered with something else than a number.");

    private Task<object?> SendAdmit(Topic user, int more, int limit, IReadOnlyCollection<string> liveNodes, bool areAll)
    {
        lock (_gate)
        {
            var count = _counts.GetValueOrDefault(user.Name) + more;
            if (more > 0)
            {
                _counts[user.Name] = count;
            }

            var call = Call(Admit, user, arguments: 5 + liveNodes.Count);
            call.Buffer.Bulk(_node).Bulk(count).Bulk(limit).Bulk((long)ForgottenCountAge.TotalMilliseconds).Bulk(areAll ? "1" : "");
            foreach (var live in liveNodes)
            {
                call.Buffer.Bulk(live);
            }

            return commands.CallAsync(call, user.Utf8Name.Span);
        }
    }

    private void Write_NeedsLock(Topic user)
    {
        var call = Call(Count, user, arguments: 3);
        call.Buffer.Bulk(_node).Bulk(_counts.GetValueOrDefault(user.Name)).Bulk((long)ForgottenCountAge.TotalMilliseconds);
        _ = WrittenAsync(user, commands.CallAsync(call, user.Utf8Name.Span));
    }

    private async Task WrittenAsync(Topic user, Task<object?> written)
    {
        try
        {
            await written;
        }
        catch (BackplaneUnavailableException)
        {
            lock (_gate)
            {
                _unwritten.Add(user);
            }
        }
    }

    private RedisCall Call(RedisScript script, Topic user, int arguments)
    {
        var call = new RedisCall();
        script.Begin(call.Buffer, keys: 1, arguments);
        keys.Connections(call.Buffer, user.Utf8Name.Span);
        return call;
    }
}
