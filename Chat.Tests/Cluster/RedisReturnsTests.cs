using System.Collections.Concurrent;
using Chat.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace Chat.Tests.Cluster;

/// <summary>Redis comes back with older data, or with everything it had. Three nodes notice it at different moments, and nobody stops
/// publishing.</summary>
public sealed class RedisReturnsTests(ITestOutputHelper output) : IAsyncLifetime
{
    private const int Nodes = 3;
    private const string Busy = "/chat/group/busy";

    private static readonly Dictionary<string, string> Settings = new()
    {
        ["Chat:Nodes:Heartbeat"] = "00:00:00.25",
        ["Chat:Nodes:Lease"] = "00:00:02",
        ["Chat:Backplane:CommandTimeout"] = "00:00:01",
    };

    private readonly List<RedisProxy> _proxies = [];
    private readonly List<NodeProcess> _nodes = [];
    private readonly List<ResumingClient> _listeners = [];
    private readonly List<ResumingClient> _publishers = [];
    private readonly ConcurrentDictionary<string, (ChatFrame Ack, int Returns)> _acked = []; // of this round, with the number of returns when the message was sent
    private readonly TaskCompletionSource _stopping = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<Task> _publishing = [];
    private readonly Random _random = new(Random.Shared.Next());
    private RedisServer _redis = null!;
    private volatile int _returns;

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        _stopping.SetResult();
        await Task.WhenAll(_listeners.Concat(_publishers).Select(client => client.DisposeAsync().AsTask()));
        await Task.WhenAll(_publishing).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _nodes.ForEach(node => output.WriteLine($"node {node.Id}\n{node.Output}"));
        await Task.WhenAll(_nodes.Select(node => node.DisposeAsync().AsTask()));
        await Task.WhenAll(_proxies.Select(proxy => proxy.DisposeAsync().AsTask()));
        await _redis.DisposeAsync();
    }

    [RedisFact]
    public async Task Redis_ThatComesBackFromASnapshot_LosesNothingThatItAcknowledgesFromThenOn_AndNothingInSilence()
    {
        await StartAsync(persists: false);
        for (var round = 0; round < 2; round++)
        {
            await ReturnOlderAsync(round);
        }

        Assert.All(_listeners, listener => Assert.Equal(0, listener.Repeated));
    }

    [RedisFact]
    public async Task Redis_ThatComesBackFromACutLog_AndThenWithAllItHad_TellsHolesWhereThereAreSome()
    {
        await StartAsync(persists: true);
        for (var round = 0; round < 2; round++)
        {
            await ReturnOlderAsync(round);
            await ReturnWithAllAsync();
        }

        Assert.All(_listeners, listener => Assert.Equal(0, listener.Repeated));
    }

    private async Task ReturnOlderAsync(int round)
    {
        // No message is published in this group while it has members: the lost ones were published before they came.
        var quiet = $"/chat/group/quiet{round}";
        var writing = _random.Next(Nodes);
        await using var writer = Client(writing, $"{quiet}/writer");
        await writer.PublishAsync($"q{round}-kept", "x");
        var back = _redis.Remember();
        var last = await writer.PublishAsync($"q{round}-lost", "x");
        await Eventually.TrueAsync(async () =>
        {
            // An acknowledged message may not be delivered yet, and a client that comes to the writer's node before the delivery receives it.
            await using var probe = await ChatClient.ConnectAsync(_nodes[writing].Address, $"{quiet}/probe?format=json");
            return (await probe.NextFrameAsync("subscribed")).Offset >= last.Offset;
        });
        await using var silent = Client(0, $"{quiet}/silent");
        await using var distant = Client(1 + _random.Next(Nodes - 1), $"{quiet}/distant");
        await Task.WhenAll(silent.Subscribed, distant.Subscribed).WaitAsync(ChatClient.Deadline);
        var holes = _listeners.ConvertAll(listener => listener.Holes);
        await UntilAcknowledgedAsync(20);

        await ReturnAsync(back);
        await writer.PublishAsync($"q{round}-after", "x");

        await Task.WhenAll(silent.UntilAsync(1, ChatClient.Deadline), distant.UntilAsync(1, ChatClient.Deadline));
        await Eventually.TrueAsync(() => silent.Holes > 0 && distant.Holes > 0);
        Assert.All(new[] { silent, distant }, client => Assert.Equal([$"q{round}-after"], client.Messages.Select(message => message.Id)));
        await using (var away = await ChatClient.ConnectAsync(_nodes[_random.Next(Nodes)].Address, $"{quiet}/away?format=json&since={last.Position}"))
        {
            Assert.False((await away.NextFrameAsync("subscribed")).Recovered);
            await away.UntilAsync(text => text.Contains($"q{round}-after", StringComparison.Ordinal));
        }

        await CheckBusyAsync(holes);
    }

    private async Task ReturnWithAllAsync()
    {
        var holes = _listeners.ConvertAll(listener => listener.Holes);
        await UntilAcknowledgedAsync(20);
        await ReturnAsync(async () =>
        {
            await _redis.KillAsync();
            await _redis.RestartAsync();
        });
        await CheckBusyAsync(holes);
        Assert.Equal(holes, _listeners.Select(listener => listener.Holes));
    }

    // Nodes behind held proxies notice the return later, one after the other, when many messages have been published already.
    private async Task ReturnAsync(Func<Task> back)
    {
        _proxies.ForEach(proxy => proxy.Hold());
        await back();
        Interlocked.Increment(ref _returns);
        foreach (var proxy in _proxies)
        {
            await UntilAcknowledgedAsync(20);
            proxy.Release();
        }

        await Task.WhenAll(_nodes.Select(node => node.UntilHealthAsync(isHealthy: true, ChatClient.Deadline)));
        await UntilAcknowledgedAsync(60);
    }

    private async Task CheckBusyAsync(List<int> holesBefore)
    {
        var acked = _acked.Values.ToList();
        acked.ForEach(message => _acked.TryRemove(message.Ack.Id!, out _)); // acks that come meanwhile belong to the next round
        var sure = acked.Where(message => message.Returns == _returns).Select(message => message.Ack).ToList();
        var ids = sure.Select(ack => ack.Id!).ToHashSet();
        Assert.NotEmpty(ids);
        string[]? order = null;
        foreach (var (listener, holes) in _listeners.Zip(holesBefore))
        {
            await Eventually.TrueAsync(() => ids.IsSubsetOf(Ids(listener)));
            string[] itsOrder = [.. listener.Messages.Select(message => message.Id!).Where(ids.Contains)];
            Assert.Equal(order ??= itsOrder, itsOrder);
            if (acked.Exists(message => !Ids(listener).Contains(message.Ack.Id!)))
            {
                await Eventually.TrueAsync(() => listener.Holes > holes);
            }
        }

        // All of it is in the log as well.
        var first = sure.MinBy(ack => ack.Offset)!;
        await using var late = await ChatClient.ConnectAsync(_nodes[0].Address, $"{Busy}/late?format=json&since={first.Epoch}:{first.Offset - 1}");
        while (ids.Count > 0)
        {
            ids.Remove((await late.NextFrameAsync("message")).Id!);
        }
    }

    private async Task StartAsync(bool persists)
    {
        _redis = await RedisServer.StartAsync(RedisKind.Redis, persists);
        _proxies.AddRange(Enumerable.Range(1, Nodes - 1).Select(_ => new RedisProxy(_redis)));
        _nodes.AddRange(await Task.WhenAll(_proxies.Select(proxy => proxy.ConnectionString).Prepend(_redis.ConnectionString)
            .Select(redis => NodeProcess.StartAsync(redis, Settings))));
        _listeners.AddRange(Enumerable.Range(0, Nodes).Select(node => Client(node, $"{Busy}/listener{node}")));
        _publishers.AddRange(Enumerable.Range(0, Nodes).Select(node => Client(node, $"{Busy}/publisher{node}")));
        await Task.WhenAll(_listeners.Concat(_publishers).Select(client => client.Subscribed)).WaitAsync(ChatClient.Deadline);
        _publishing.AddRange(_publishers.Select((publisher, i) => PublishAsync(publisher, i)));
    }

    // Publishes forty messages a second. During an outage it does as docs/PROTOCOL.md asks: it tries again and again under the same id.
    private async Task PublishAsync(ResumingClient publisher, int number)
    {
        using var ticks = new PeriodicTimer(TimeSpan.FromMilliseconds(25));
        for (var i = 0; await ticks.WaitForNextTickAsync(CancellationToken.None); i++)
        {
            var returns = _returns;
            var publishing = publisher.PublishAsync($"p{number}-{i}", "x");
            if (await Task.WhenAny(publishing, _stopping.Task) == _stopping.Task)
            {
                return;
            }

            var ack = await publishing;
            _acked[ack.Id!] = (ack, returns);
        }
    }

    private async Task UntilAcknowledgedAsync(int more)
    {
        var acked = _acked.Count;
        await Eventually.TrueAsync(() => _acked.Count >= acked + more);
    }

    private ResumingClient Client(int node, string path) => new(() => _nodes[node].Address, path);

    private static HashSet<string> Ids(ResumingClient client) => [.. client.Messages.Select(message => message.Id!)];
}
