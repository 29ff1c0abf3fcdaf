using Chat.Sockets.Answers;
using Chat.Sockets.Clients;
using Chat.Tests.Support;
using Microsoft.AspNetCore.Connections.Features;
using Xunit;
using static Chat.Tests.Edge.RawHttp2;

namespace Chat.Tests.Edge;

/// <summary>Clients that send requests and take nothing of the answers. Over HTTP/2 some hundred of them could once fill a gigabyte of memory, for as
/// long as they liked; over HTTP/1.1 each had one of the edge's places for an hour.</summary>
public sealed class UntakenAnswerTests : IAsyncLifetime
{
    private readonly ManualTimeProvider _time = new();
    private FakeNode? _node;

    public async Task InitializeAsync() => _node = await FakeNode.StartAsync("node");

    public Task DisposeAsync() => _node!.DisposeAsync().AsTask();

    [Fact]
    public async Task Answers_ThatWait_AreNoMoreThanMay_AndTheOldestGivesWay()
    {
        await using var edge = await EdgeHost.StartWithHttp2Async([("Edge:UntakenAnswers", "10")], _node!);
        await using var first = await AskAsync(edge, "/api/auth/large", requests: 6);
        await using var reader = await AskAsync(edge, "/api/nodes", requests: 20);

        await using var second = await AskAsync(edge, "/api/auth/large", requests: 6);

        await EndsAsync(first);
        await second.GetAsync("/api/nodes");
        await second.NextAsync(FrameType.Headers);
        await reader.GetAsync("/api/nodes");
        await reader.NextAsync(FrameType.Headers);
    }

    [Fact]
    public async Task Answer_ThatIsNotTakenForAMinute_EndsItsConnection()
    {
        await using var edge = await EdgeHost.StartWithHttp2Async([], _node!, time: _time);
        await using var reader = await AskAsync(edge, "/api/nodes", requests: 1);
        await using var client = await AskAsync(edge, "/api/auth/large", requests: 1);

        await UntilAsync(() => edge.Get<ClientConnections>().Open == 1);

        await EndsAsync(client);
        await reader.GetAsync("/api/nodes");
        await reader.NextAsync(FrameType.Headers);
    }

    /// <summary>Once, they waited for days if the client had read enough before.</summary>
    [Fact]
    public async Task SmallAnswers_WhoseClientAsksForNothingMore_EndItsConnection()
    {
        await using var edge = await EdgeHost.StartWithHttp2Async([], _node!, time: _time);
        await using var client = await ConnectAsync(edge.Address, window: 0);
        await client.GetAsync("/api/nodes");
        await client.NextAsync(FrameType.Headers);

        await UntilAsync(() => edge.Get<ClientConnections>().Open == 0);

        await EndsAsync(client);
    }

    /// <summary>Bytes that such a client had read before once counted in its favor. And a request to become a WebSocket could be left waiting as long
    /// as the client liked.</summary>
    [Theory]
    [InlineData]
    [InlineData("Connection: Upgrade", "Upgrade: websocket")]
    public async Task Client_ThatAsksOnAndOnAndDoesNotRead_IsCutOff(params string[] headers)
    {
        await using var edge = await EdgeHost.StartAsync(_time);
        edge.Set(_node!.Node);
        var client = DeafClient.AskAsync(edge.Address, "/api/auth/large", headers);

        await UntilAsync(() => client.IsCompleted);

        await client;
    }

    /// <summary>As a whole the answer takes longer than a minute.</summary>
    [Fact]
    public async Task Answer_ThatIsLong_MayTakeAsLongAsItsClientReads()
    {
        var connection = new Connection();
        using var untaken = new UntakenAnswers(10, static () => { }, _time);
        var client = new SlowStream();
        await using var stream = new AnswerStream(client, new Answer(untaken, connection));

        var writing = stream.WriteAsync(new byte[100_000]).AsTask();
        while (!writing.IsCompleted)
        {
            _time.Advance(TimeSpan.FromSeconds(25));
            client.Take();
        }

        await writing;
        Assert.False(connection.IsAborted);
    }

    // Each step is a little longer than an answer may wait; first the answer has to be requested and created.
    private Task UntilAsync(Func<bool> condition) => Eventually.TrueAsync(() =>
    {
        _time.Advance(UntakenAnswers.Longest + TimeSpan.FromSeconds(5));
        return condition();
    });

    private static async Task<RawHttp2> AskAsync(EdgeHost edge, string path, int requests)
    {
        var client = await ConnectAsync(edge.Address, window: 1000);
        for (var i = 0; i < requests; i++)
        {
            await client.GetAsync(path);
            await client.NextAsync(FrameType.Headers);
        }

        return client;
    }

    private static async Task EndsAsync(RawHttp2 client)
    {
        try
        {
            await client.NextAsync(FrameType.GoAway);
        }
        catch (IOException)
        {
            // The connection may end without any frame.
        }
    }

    private sealed class Connection : IConnectionLifetimeFeature
    {
        public bool IsAborted { get; private set; }

        public CancellationToken ConnectionClosed { get; set; }

        public void Abort() => IsAborted = true;
    }

    /// <summary>A stream whose reader takes 10,000 bytes at a time.</summary>
    private sealed class SlowStream : MemoryStream
    {
        private TaskCompletionSource _taken = new();
        private int _left;

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            _left = buffer.Length;
            _taken = new TaskCompletionSource();
            return new ValueTask(_taken.Task);
        }

        public void Take()
        {
            _left -= 10_000;
            if (_left <= 0)
            {
                _taken.SetResult();
            }
        }
    }
}
