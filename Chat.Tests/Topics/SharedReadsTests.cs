using Chat.Api.Backplane;
using Chat.Api.Messages;
using Chat.Api.Topics;
using Xunit;

namespace Chat.Tests.Topics;

/// <summary>Many callers that ask for the same data at once, such as who is in a topic.</summary>
public sealed class SharedReadsTests
{
    private readonly Queue<TaskCompletionSource<PresenceNews>> _begun = new();
    private readonly SharedReads<Topic, PresenceNews> _reads;

    public SharedReadsTests() => _reads = new SharedReads<Topic, PresenceNews>(_ =>
    {
        var read = new TaskCompletionSource<PresenceNews>();
        _begun.Enqueue(read);
        return read.Task;
    });

    [Fact]
    public async Task Many_WhoAskWhileATopicIsRead_ShareTheNextReading()
    {
        var first = _reads.ReadAsync(Topic.Group("g"));
        Task<PresenceNews>[] others = [.. Enumerable.Range(0, 100).Select(_ => _reads.ReadAsync(Topic.Group("g")))];
        var read = Assert.Single(_begun);
        _begun.Clear();

        read.SetResult(new PresenceNews(1, 1));
        Assert.Equal(1, (await first).Version);
        Assert.DoesNotContain(others, other => other.IsCompleted); // that answer may be older than their questions
        Assert.Single(_begun).SetResult(new PresenceNews(2, 1));
        Assert.All(await Task.WhenAll(others), other => Assert.Equal(2, other.Version));
    }

    [Fact]
    public async Task Topics_AreReadSideBySide_AndAnewByWhoeverAsksLater()
    {
        var (one, other) = (_reads.ReadAsync(Topic.Group("g")), _reads.ReadAsync(Topic.All));
        _begun.Dequeue().SetResult(new PresenceNews(1, 1));
        _begun.Dequeue().SetResult(new PresenceNews(2, 1));
        Assert.Equal((1, 2), ((await one).Version, (await other).Version));

        var later = _reads.ReadAsync(Topic.Group("g"));
        Assert.Single(_begun).SetResult(new PresenceNews(3, 1));
        Assert.Equal(3, (await later).Version);
    }

    [Fact]
    public async Task Failure_IsThatOfThoseWhoAsked()
    {
        var first = _reads.ReadAsync(Topic.Group("g"));
        var second = _reads.ReadAsync(Topic.Group("g"));
        _begun.Dequeue().SetException(new BackplaneUnavailableException("away"));
        await Assert.ThrowsAsync<BackplaneUnavailableException>(() => first);

        _begun.Dequeue().SetResult(new PresenceNews(1, 1));
        Assert.Equal(1, (await second).Version);
    }
}
