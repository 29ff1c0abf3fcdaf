using System.Collections.Concurrent;

namespace Chat.Tests.Support;

/// <summary>Posts to a group, one message after the other, so many a second, until told to stop. What is not answered is
/// posted again under the same id, on the next connection if need be.</summary>
internal sealed class HubPoster : IAsyncDisposable
{
    private readonly HubClient _client;
    private readonly string _group;
    private readonly TimeSpan _pause;
    private readonly CancellationTokenSource _enough = new();
    private readonly ConcurrentQueue<HubPublished> _published = new();
    private readonly Task _posting;

    public HubPoster(HubClient client, string group, int perSecond)
    {
        _client = client;
        _group = group;
        _pause = TimeSpan.FromSeconds(1) / perSecond;
        _posting = PostAsync();
    }

    /// <summary>What the hub has answered so far, in the order of posting.</summary>
    public IReadOnlyCollection<HubPublished> Published => _published;

    /// <summary>Returns when that many more are published.</summary>
    public async Task UntilAsync(int more)
    {
        var wanted = _published.Count + more;
        await Eventually.TrueAsync(() => _posting.IsFaulted || _published.Count >= wanted);
        if (_posting.IsFaulted)
        {
            await _posting;
        }
    }

    /// <summary>Returns when what was begun is published.</summary>
    public async Task StopAsync()
    {
        await _enough.CancelAsync();
        await _posting.WaitAsync(ChatClient.Deadline);
    }

    public async ValueTask DisposeAsync()
    {
        await _enough.CancelAsync();
        await _posting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _enough.Dispose();
    }

    private async Task PostAsync()
    {
        using var ticks = new PeriodicTimer(_pause);
        for (var i = 0; !_enough.IsCancellationRequested; i++)
        {
            _published.Enqueue(await PostAsync($"{_client.Nick}.{i}", ticks));
            await ticks.WaitForNextTickAsync(CancellationToken.None);
        }
    }

    private async Task<HubPublished> PostAsync(string id, PeriodicTimer ticks)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (true)
        {
            try
            {
                return await _client.PostAsync(_group, id, id);
            }
            catch (Exception) when (!_client.Ended.IsCompleted && TimeProvider.System.GetElapsedTime(started) < ChatClient.Deadline)
            {
                // The connection is gone or the hub said to try again; which of the two, each library says in its own way.
                await ticks.WaitForNextTickAsync(CancellationToken.None);
            }
        }
    }
}
