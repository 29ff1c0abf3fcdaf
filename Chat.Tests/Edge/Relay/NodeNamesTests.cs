using System.Net;
using System.Net.Sockets;
using Chat.Tests.Support;
using Edge.Proxy.Relay;
using Xunit;

namespace Chat.Tests.Edge.Relay;

/// <summary>Nodes that are known by a name are found, or not, in bounded time, however long the name server takes.</summary>
public sealed class NodeNamesTests
{
    private static readonly Uri Node = new("http://node-1:8080");

    private readonly ManualTimeProvider _clock = new();
    private readonly List<TaskCompletionSource<IPAddress[]>> _lookups = [];
    private readonly NodeNames _names;

    public NodeNamesTests() => _names = new NodeNames(_clock, name =>
    {
        Assert.Equal("node-1", name);
        _lookups.Add(new());
        return _lookups[^1].Task;
    });

    // Once such clients waited as long as the name server took, one after the other, and kept their places among the upgrades.
    [Fact]
    public async Task Name_ThatIsNotFoundInTime_IsLikeANodeThatDoesNotAccept()
    {
        var waiting = ResolveAsync();
        _clock.Advance(TimeSpan.FromSeconds(2));
        var later = ResolveAsync();
        Assert.False(waiting.IsCompleted);
        _clock.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(HttpRequestError.ConnectionError, (await Assert.ThrowsAsync<HttpRequestException>(() => waiting)).HttpRequestError);
        Assert.False(later.IsCompleted);
        Assert.Single(_lookups).SetResult([IPAddress.Loopback]);
        Assert.Equal([IPAddress.Loopback], await later);
    }

    [Fact]
    public async Task Name_IsLookedUpOnceForAll_AndAgainAfterAWhile()
    {
        var all = new[] { ResolveAsync(), ResolveAsync() };
        _lookups[0].SetResult([IPAddress.Loopback]);
        Assert.All(await Task.WhenAll(all), addresses => Assert.Equal([IPAddress.Loopback], addresses));
        _clock.Advance(TimeSpan.FromMilliseconds(999));
        Assert.Equal([IPAddress.Loopback], await ResolveAsync());
        Assert.Single(_lookups);

        _clock.Advance(TimeSpan.FromMilliseconds(1));
        var again = ResolveAsync();
        _lookups[1].SetResult([IPAddress.IPv6Loopback]);
        Assert.Equal([IPAddress.IPv6Loopback], await again);
    }

    [Fact]
    public async Task Name_ThatNobodyKnows_IsToldAsThat()
    {
        var waiting = ResolveAsync();
        _lookups[0].SetException(new SocketException((int)SocketError.HostNotFound));
        Assert.Equal(HttpRequestError.NameResolutionError, (await Assert.ThrowsAsync<HttpRequestException>(() => waiting)).HttpRequestError);
    }

    [Fact]
    public async Task Client_ThatHasGone_WaitsForNoName_AndTheOthersDo()
    {
        using var gone = new CancellationTokenSource();
        var (waiting, other) = (_names.ResolveAsync(Node, gone.Token), ResolveAsync());
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        _lookups[0].SetResult([IPAddress.Loopback]);
        Assert.Equal([IPAddress.Loopback], await other);
    }

    private Task<IPAddress[]> ResolveAsync() => _names.ResolveAsync(Node, CancellationToken.None);
}
