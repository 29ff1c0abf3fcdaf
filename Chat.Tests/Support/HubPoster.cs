using System.Collections.Concurrent;

namespace Chat.Tests.Support;

/// <summary>Posts messages to a group one after the other, at a given rate, until told to stop. It posts an unanswered message again under the same
/// id, on the next connection if necessary.</summary>
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

    /// <summary>The hub's answers so far, in the order of posting.</summary>
    public IReadOnlyCollection<HubPublished> Published => _published;

    /// <summary>Returns when this many more messages are published.</summary>
    public async Task UntilAsync(int more)
    {
        var wanted = _published.Count + more;
        await Eventually.TrueAsync(() => _posting.IsFaulted || _published.Count >= wanted);
        if (_posting.IsFaulted)
        {
            await _posting;
        }
    }

    /// <summary>Returns when the message that was begun is published.</summary>
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
                // The connection is gone, or the hub said to try again. Each library reports these two cases in its own way.
                await ticks.WaitForNextTickAsync(CancellationToken.None);
            }
        }
    }
}
