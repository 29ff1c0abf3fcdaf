using System.Threading.Channels;

namespace Chat.Tests.Support;

/// <summary>The items that have arrived at a client, in order, for a test to take.</summary>
/// <param name="owner">The client's name, for the message of a failing test.</param>
/// <param name="end">Tells how the connection ended; called once it has ended.</param>
internal sealed class Inbox<T>(string owner, Func<Task<string>> end)
{
    private readonly Channel<T> _items = Channel.CreateUnbounded<T>();

    public void Add(T item) => _items.Writer.TryWrite(item);

    /// <summary>Called when nothing more will arrive.</summary>
    public void Complete() => _items.Writer.TryComplete();

    /// <summary>The next item.</summary>
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

    /// <summary>The next item, however long it takes.</summary>
    /// <exception cref="EndOfStreamException">Nothing more will arrive.</exception>
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

    /// <summary>The next item that meets the condition; items before it are dropped.</summary>
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

    /// <summary>All items up to and including the first that meets the condition.</summary>
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

    /// <summary>The items that have arrived and were not taken.</summary>
    public IEnumerable<T> Pending()
    {
        while (_items.Reader.TryRead(out var item))
        {
            yield return item;
        }
    }
}
