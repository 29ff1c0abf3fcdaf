using Chat.Client.Wire;

namespace Chat.Client;

/// <summary>Decides whether and when a client reconnects after a connection has ended, as docs/PROTOCOL.md asks of clients.</summary>
internal sealed class Reconnecting(ChatClientOptions options)
{
    private const int GoingAway = 1012; // the node stops, or has too many connections
    private const int TooMuch = 1008;
    private const int TokenExpired = 4401;
    private const int MostRefusals = 3; // of tokens, in a row
    private const int NotFound = 404;

    private static readonly TimeSpan Stable = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan PauseAfterTooMuch = TimeSpan.FromSeconds(5);

    private int _failures;
    private int _refusals;
    private bool _wasTaken;

    /// <summary>The server has accepted the client's token.</summary>
    public void Taken()
    {
        _refusals = 0;
        _wasTaken = true;
    }

    /// <summary>A connection over which calls could be made has ended.</summary>
    public void Lasted(TimeSpan time) => _failures = time >= Stable ? 0 : _failures;

    /// <summary>Returns true if the next attempt would be refused as well. Called once for each end.</summary>
    public bool IsFinal(LinkEnd end)
    {
        _refusals = end.Status is 401 or 403 ? _refusals + 1 : end.Status == 0 ? _refusals : 0;
        var isNowhere = end.Status == NotFound && !_wasTaken; // where there was a server, some proxies say so for a moment, while what stands behind them is replaced
        return !end.MayReconnect || isNowhere || end.Status is 400 or 405 || end.Code is 1002 or 1003 or 1007 || _refusals >= MostRefusals;
    }

    public TimeSpan DelayAfter(LinkEnd end)
    {
        if (end.Code == GoingAway)
        {
            return Random.Shared.NextDouble() * TimeSpan.FromSeconds(1); // the node itself spreads its closings
        }

        var delay = end.Code == TokenExpired ? TimeSpan.Zero : Backoff.After(_failures, options.FirstDelay, options.LongestDelay);
        _failures++;
        return delay + (end.Code == TooMuch ? PauseAfterTooMuch : end.RetryAfter);
    }
}
