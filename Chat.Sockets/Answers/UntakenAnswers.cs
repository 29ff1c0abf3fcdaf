using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;

namespace Chat.Sockets.Answers;

/// <summary>The answers that wait for their clients to take them. Each may wait for at most <see cref="Longest"/>. After that, or if there are too many,
/// the connection of the one that has waited for the longest is ended.</summary>
/// <remarks>
/// <para>Over HTTP/2, a client decides how much of an answer it takes, which may be nothing. It can have a hundred answers on one connection, each of which is
/// kept here meanwhile. Over HTTP/1.1, it only has to stop reading. The server's own bound, a lowest rate, does not help: bytes that a client once
/// took quickly count in its favor for hours.</para>
/// <para>An answer to a client that reads is among these only while its network is slow: bytes that the system has taken count as taken.</para>
/// </remarks>
internal sealed class UntakenAnswers : IStartupFilter, IDisposable
{
    /// <summary>As for a WebSocket: no client that is alive takes nothing for so long.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan Step = TimeSpan.FromSeconds(5);

    private readonly Lock _gate = new(); // guards _waiting, and the place of each
    private readonly LinkedList<Answer> _waiting = []; // the one that has waited for the longest first
    private readonly int _most;
    private readonly Action _ended;
    private readonly TimeProvider _time;
    private readonly ITimer _timer;

    /// <param name="most">How many answers may wait.</param>
    /// <param name="ended">Called when a connection is ended.</param>
    /// <param name="time">The time.</param>
    public UntakenAnswers(int most, Action ended, TimeProvider time)
    {
        _most = most;
        _ended = ended;
        _time = time;
        _timer = time.CreateTimer(_ => EndOld(), null, Step, Step);
    }

    /// <summary>Registers it before everything that answers.</summary>
    public static void Add(IServiceCollection services, Func<IServiceProvider, UntakenAnswers> create)
    {
        services.AddSingleton(create);
        services.AddSingleton<IStartupFilter>(static provider => provider.GetRequiredService<UntakenAnswers>());
    }

    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
    {
        app.Use(WatchAsync);
        next(app);
    };

    public void Dispose() => _timer.Dispose();

    /// <summary>The answer waits from now on.</summary>
    public void Add(Answer answer)
    {
        Answer? oldest = null;
        lock (_gate)
        {
            Remove_NeedsLock(answer); // it may still be listed for a write that nobody awaits any more
            answer.Since = _time.GetTimestamp();
            answer.Place = _waiting.AddLast(answer);
            if (_waiting.Count > _most)
            {
                oldest = _waiting.First!.Value;
                Remove_NeedsLock(oldest);
            }
        }

        End(oldest);
    }

    /// <summary>The answer is taken, or has failed.</summary>
    public void Remove(Answer answer)
    {
        lock (_gate)
        {
            Remove_NeedsLock(answer);
        }
    }

    private async Task WatchAsync(HttpContext http, RequestDelegate next)
    {
        if (http.Features.Get<IConnectionLifetimeFeature>() is not { } connection)
        {
            await next(http);
            return;
        }

        var answer = new Answer(this, connection);
        http.Features.Set<IHttpResponseBodyFeature>(new AnswerBody(http.Features.GetRequiredFeature<IHttpResponseBodyFeature>(), answer));
        http.Response.OnCompleted(static answer => ((Answer)answer).OnTakenAsync(), answer);
        try
        {
            await next(http);
        }
        finally
        {
            if (!IsUpgraded(http))
            {
                answer.OnMade();
            }
        }
    }

    // A request that has become a WebSocket has bounds of its own. Nothing else answers such a CONNECT with success.
    private static bool IsUpgraded(HttpContext http) =>
        http.Response.StatusCode == StatusCodes.Status101SwitchingProtocols
        || (http.Features.Get<IHttpExtendedConnectFeature>()?.IsExtendedConnect == true && http.Response.StatusCode == StatusCodes.Status200OK);

    private void EndOld()
    {
        while (true)
        {
            Answer oldest;
            lock (_gate)
            {
                if (_waiting.First?.Value is not { } first || _time.GetElapsedTime(first.Since) < Longest)
                {
                    return;
                }

                oldest = first;
                Remove_NeedsLock(oldest);
            }

            End(oldest);
        }
    }

    private void End(Answer? answer)
    {
        if (answer is not null)
        {
            _ended();
            answer.EndConnection();
        }
    }

    private void Remove_NeedsLock(Answer answer)
    {
        if (answer.Place is { } place)
        {
            _waiting.Remove(place);
            answer.Place = null;
        }
    }
}
