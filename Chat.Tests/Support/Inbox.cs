using System.Threading.Channels;

namespace Chat.Tests.Support;

/// <summary>What has come to a client, in order, for a test to take.</summary>
/// <param name="owner">Whose it is, for a failing test's message.</param>
/// <param name="end">How the connection ended, asked once it has.</param>
internal sealed class Inbox<T>(string owner, Func<Task<string>> end)
{
    private readonly Channel<T> _items = Channel.CreateUnbounded<T>();

    public void Add(T item) => _items.Writer.TryWrite(item);

    /// <summary>Nothing more comes.</summary>
    public void Complete() => _items.Writer.TryComplete();

    /// <summary>The next one, whichever.</summary>
    public async Task<T> NextAsync()
    {
        using var deadline = new CancellationTokenSource(ChatClient.Deadline);
        try
        {
            return await NextOrEndAsync(deadline.Token);
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"Nothing came to {owner} within {ChatClient.Deadline.TotalSeconds} s.");
        }
        catch (EndOfStreamException)
        {
            throw new InvalidOperationException($"The connection of {owner} has ended: {await end()}");
        }
    }

    /// <summary>The next one, however long it takes.</summary>
    /// <exception cref="EndOfStreamException">Nothing more comes.</exception>
    public async Task<T> NextOrEndAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await _items.Reader.ReadAsync(cancellationToken);
        }
        catch (ChannelClosedException)
        {
            throw new EndOfStreamException();
        }
    }

    /// <summary>The next one for which this holds; what comes before it is dropped.</summary>
    public async Task<T> NextAsync(Func<T, bool> condition)
    {
        while (true)
        {
            if (await NextAsync() is var next && condition(next))
            {
                return next;
            }
        }
    }

    /// <summary>All up to and including the first for which this holds.</summary>
    public async Task<List<T>> UntilAsync(Func<T, bool> last)
    {
        var items = new List<T>();
        do
        {
            items.Add(await NextAsync());
        }
        while (!last(items[^1]));
        return items;
    }

    /// <summary>What has come and was not taken.</summary>
    public IEnumerable<T> Pending()
    {
        while (_items.Reader.TryRead(out var item))
        {
            yield return item;
        }
    }
}
