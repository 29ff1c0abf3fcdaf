using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;

namespace Chat.Sockets.Answers;

/// <summary>The answers that are waiting for their clients to take them: for no longer than <see cref="Longest"/>, and no more than may; the connection of
/// the one that has waited for the longest gives way to others.</summary>
/// <remarks>
/// <para>Over HTTP/2 a client takes as much of an answer as it says that it will, which may be nothing, and has a hundred of them on one connection, each of
/// which is kept here meanwhile. Over HTTP/1.1 it need only not read. The server's own bound, a lowest rate, counts what a client once took quickly
/// in its favour for hours.</para>
/// <para>A client that reads is not among these for longer than its network is slow: what the system takes of an answer is taken.</para>
/// </remarks>
internal sealed class UntakenAnswers : IStartupFilter, IDisposable
{
    /// <summary>As for a WebSocket: no client that lives takes nothing for so long.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan Step = TimeSpan.FromSeconds(5);

    private readonly Lock _gate = new(); // guards _waiting, and the place of each
    private readonly LinkedList<Answer> _waiting = []; // the one that has for the longest first
    private readonly int _most;
    private readonly Action _ended;
    private readonly TimeProvider _time;
    private readonly ITimer _timer;

    /// <param name="most">How many.</param>
    /// <param name="ended">Called when a connection is ended.</param>
    /// <param name="time">The time.</param>
    public UntakenAnswers(int most, Action ended, TimeProvider time)
    {
        _most = most;
        _ended = ended;
        _time = time;
        _timer = time.CreateTimer(_ => EndOld(), null, Step, Step);
    }

    /// <summary>Before everything that answers.</summary>
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

    /// <summary>It waits from now on.</summary>
    public void Add(Answer answer)
    {
        Answer? oldest = null;
        lock (_gate)
        {
            Remove_NeedsLock(answer); // it may have been left to itself with something that nobody waits for any more
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

    /// <summary>It is taken, or has failed.</summary>
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

    // What has become a WebSocket has bounds of its own. Nothing else answers such a CONNECT with success.
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
