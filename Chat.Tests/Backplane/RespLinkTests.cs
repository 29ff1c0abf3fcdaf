using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using Chat.Api.Redis.Resp;
using Chat.Sockets.Loops;
using Chat.Tests.Support;
using Xunit;

namespace Chat.Tests.Backplane;

/// <summary>A link's promises for each command, whatever happens to the connection.</summary>
[Collection(RedisServerGroup.Name)]
public sealed class RespLinkTests : IRespLinkOwner
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(20); // only a failing test waits this long

    private volatile TaskCompletionSource _up = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _lives;
    private int _sent;
    private int _answered;

    [RedisFact]
    public async Task Commands_OnAWireThatBreaksAtRandom_HaveOneEndEach()
    {
        const int Senders = 2, Lives = 7;
        await using var server = await RedisServer.StartAsync();
        await using var proxy = new RedisProxy(server);
        using var link = new RespLink(
            RedisEndpoint.Parse(proxy.ConnectionString), this, RespLinkKind.Commands, TimeSpan.FromSeconds(10), TimeSpan.FromMilliseconds(1), "test");
        link.Start();
        await _up.Task.WaitAsync(Deadline);

        using var stop = new CancellationTokenSource();
        var senders = Enumerable.Range(0, Senders).Select(i => SendAsync(link, i, stop.Token)).ToArray();
        var random = new Random();
        while (Volatile.Read(ref _lives) < Lives)
        {
            var up = _up;
            if (random.Next(2) == 0)
            {
                proxy.Hold(); // so that many answers are owed and wait
                await MoreAsync(() => _sent, random.Next(100));
                proxy.Cut();
                proxy.Release();
            }
            else
            {
                await MoreAsync(() => _answered, random.Next(500));
                proxy.Cut();
            }

            await Eventually.TrueAsync(() => _up != up);
            await _up.Task.WaitAsync(Deadline);
        }

        await stop.CancelAsync();
        var echoes = (await Task.WhenAll(senders).WaitAsync(Deadline)).SelectMany(all => all).ToArray();
        await Eventually.TrueAsync(() => Array.TrueForAll(echoes, static echo => echo.Ends > 0));

        Assert.All(echoes, static echo => Assert.Equal(1, echo.Ends));
        Assert.All(echoes, static echo => Assert.True(echo.Answer is null || echo.Answer == echo.Text, $"{echo.Text} was answered with {echo.Answer}."));
        Assert.Contains(echoes, static echo => echo.Answer is null); // else nothing was cut
        foreach (var ofOne in echoes.Where(static echo => echo.Answer is not null).GroupBy(static echo => echo.Party))
        {
            var order = ofOne.Select(static echo => echo.EndedAs).ToArray(); // in the order of sending
            Assert.Equal(order.Order(), order);
        }
    }

    // Otherwise a client that sends requests without waiting for answers could have all of them processed on that thread, and all others on the node would wait.
    [RedisFact]
    public async Task Answers_ComeOnAThread_OnWhichNoRequestBegins()
    {
        await using var server = await RedisServer.StartAsync();
        using var link = new RespLink(
            RedisEndpoint.Parse(server.ConnectionString), this, RespLinkKind.Commands, TimeSpan.FromSeconds(10), TimeSpan.FromMilliseconds(1), "test");
        link.Start();

        var ping = new Ping();
        await Eventually.TrueAsync(() => link.TrySend(new CommandBuffer().Command(1).Bulk("PING"u8).Span, ping)); // the link is down at first

        Assert.False(await ping.MayBegin.WaitAsync(Deadline));
    }

    // The first server is away, so the link is at the second. When that one breaks what it has carried for a while, the link goes on to the third.
    [RedisFact]
    public async Task Link_ThatBreaks_GoesOnToTheNextServer()
    {
        await using var server = await RedisServer.StartAsync();
        await using var second = new RedisProxy(server);
        await using var third = new RedisProxy(server);
        using var link = new RespLink(
            RedisEndpoint.Parse($"127.0.0.1:{TestPort.FindFree()},{second.ConnectionString},{third.ConnectionString}"), this, RespLinkKind.Commands, TimeSpan.FromSeconds(10), TimeSpan.FromMilliseconds(1), "test");
        link.Start();
        await Eventually.TrueAsync(() => link.IsUp);
        Assert.Equal(second.ConnectionString, $"{link.Server.Host}:{link.Server.Port}");
        await Eventually.TrueAsync(() => Stopwatch.GetElapsedTime(link.UpSince) > TimeSpan.FromSeconds(1.1)); // it has lasted
        var upSince = link.UpSince;

        second.Cut();

        await Eventually.TrueAsync(() => link.UpSince != upSince && link.IsUp);
        Assert.Equal(third.ConnectionString, $"{link.Server.Host}:{link.Server.Port}");
    }

    void IRespLinkOwner.OnUp(RespLink link)
    {
        Interlocked.Increment(ref _lives);
        _up.TrySetResult();
    }

    void IRespLinkOwner.OnDown(RespLink link, string reason, bool isNews) =>
        _up = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    void IRespLinkOwner.OnPush(RespLink link, ref RespReader push) => throw new RespException("A push came on a link for commands.");

    void IRespLinkOwner.OnBatchEnd(RespLink link)
    {
        // Nothing is sent here.
    }

    // The connection is cut after an amount of traffic, not after a time.
    private static Task MoreAsync(Func<int> count, int more)
    {
        var enough = count() + more;
        return Eventually.TrueAsync(() => count() >= enough);
    }

    // Each sender has up to a few hundred commands under way. Some lengths fill the window, so that later ones wait. The pace is limited, since other
    // tests run beside this one and have deadlines.
    private async Task<List<Echo>> SendAsync(RespLink link, int sender, CancellationToken stop)
    {
        const int Most = 300, Burst = 25;
        var random = new Random();
        var echoes = new List<Echo>();
        var ended = new ConcurrentQueue<Echo>();
        using var room = new SemaphoreSlim(Most);
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(5));
        for (var i = 1; !stop.IsCancellationRequested && await room.WaitAsync(Deadline, CancellationToken.None); i++)
        {
            if (i % Burst == 0)
            {
                await pace.WaitForNextTickAsync(CancellationToken.None);
            }

            var echo = new Echo($"{sender}", $"{sender}-{echoes.Count}{new string('x', random.Next(10) == 0 ? random.Next(20_000) : 0)}", ended, room, () => Interlocked.Increment(ref _answered));
            if (link.TrySend(echo))
            {
                echoes.Add(echo);
                Interlocked.Increment(ref _sent);
            }
            else
            {
                room.Release();
            }
        }

        for (var i = 0; i < Most; i++)
        {
            Assert.True(await room.WaitAsync(Deadline, CancellationToken.None), "A command has no end.");
        }

        return echoes;
    }

    private sealed class Ping : IRespReply
    {
        private readonly TaskCompletionSource<bool> _mayBegin = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<bool> MayBegin => _mayBegin.Task;

        public void Complete(ref RespReader reply)
        {
            _mayBegin.SetResult(SharedThread.TryBeginRequest());
        }

        public void Fail() => _mayBegin.SetCanceled();
    }

    private sealed class Echo(string party, string text, ConcurrentQueue<Echo> ended, SemaphoreSlim room, Action answered) : IPatientCommand
    {
        private readonly byte[] _command = new CommandBuffer().Command(2).Bulk("ECHO"u8).Bulk(Encoding.ASCII.GetBytes(text)).Span.ToArray();
        private int _ends;

        public string Text => text;

        public string Party => party;

        public ReadOnlySpan<byte> Bytes => _command;

        public int Ends => Volatile.Read(ref _ends);

        public string? Answer { get; private set; }

        /// <summary>Its place in the order in which its sender's commands ended.</summary>
        public int EndedAs { get; private set; }

        public void Complete(ref RespReader reply)
        {
            Answer = Encoding.ASCII.GetString(reply.ReadBulk());
            answered();
            End();
        }

        public void Fail() => End();

        private void End()
        {
            ended.Enqueue(this); // only the link's thread calls this
            EndedAs = ended.Count;
            if (Interlocked.Increment(ref _ends) == 1)
            {
                room.Release();
            }
        }

        public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Text[..Math.Min(Text.Length, 20)]}: {Ends}");
    }
}
