using System.Collections.Concurrent;
using System.Security.Claims;
using Chat.Api.Connections;
using Microsoft.Extensions.Options;

namespace Chat.Api.ServerApi;

/// <summary>Limits how many calls each backend may make on this node.</summary>
internal sealed class ApiLimits(IOptions<ServerApiOptions> options, TimeProvider time)
{
    /// <summary>How many callers are remembered. Beyond this, callers are forgotten whose allowance is as full as that of a new one.</summary>
    public const int Kept = 1000;

    private readonly ConcurrentDictionary<string, Allowance> _callers = new(StringComparer.Ordinal);

    /// <summary>How many callers are remembered now.</summary>
    public int Callers => _callers.Count;

    /// <summary>Returns null if so many calls may be made, and counts them. Otherwise returns the reason, and counts none.</summary>
    public ApiProblem? Take(ClaimsPrincipal caller, int calls)
    {
        if (options.Value.CallsPerSecond == 0)
        {
            return null;
        }

        var name = ApiCaller.NameOf(caller) ?? "";
        var allowance = _callers.TryGetValue(name, out var known) ? known : Add(name);
        return allowance.Take(calls) is { } wait ? ApiProblem.TooManyCalls(Math.Max(1, (int)Math.Ceiling(wait.TotalSeconds))) : null;
    }

    private Allowance Add(string name)
    {
        if (_callers.Count >= Kept)
        {
            foreach (var (caller, allowance) in _callers)
            {
                if (allowance.IsFull())
                {
                    _callers.TryRemove(caller, out _);
                }
            }
        }

        return _callers.GetOrAdd(name, new Allowance(options.Value.CallsPerSecond, options.Value.CallBurst, time));
    }

    private sealed class Allowance(int rate, int burst, TimeProvider time)
    {
        private readonly Lock _gate = new(); // guards _bucket
        private TokenBucket _bucket = new(rate, burst, time);

        public bool IsFull()
        {
            lock (_gate)
            {
                return _bucket.Has(burst);
            }
        }

        /// <summary>Returns null if so many calls may be made; otherwise the time after which they may.</summary>
        public TimeSpan? Take(int calls)
        {
            lock (_gate)
            {
                return _bucket.TryTake(calls) ? null : _bucket.TimeUntil(calls);
            }
        }
    }
}
