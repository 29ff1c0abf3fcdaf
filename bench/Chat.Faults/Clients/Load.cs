using System.Collections.Concurrent;
using Chat.Faults.Checking;
using Chat.Faults.Systems;

namespace Chat.Faults.Clients;

/// <summary>Clients in groups that take turns to send messages at a steady rate, until told to stop.</summary>
internal sealed class Load : IAsyncDisposable
{
    private const int JoinsAtOnce = 50;

    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan JoinTime = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan SettleTime = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan StillTime = TimeSpan.FromSeconds(35); // longer than the wait for an acknowledgement plus the longest pause after it
    private static readonly TimeSpan EndTime = TimeSpan.FromSeconds(10);

    private readonly LoadSize _size;
    private readonly ILoadClient[] _clients;
    private readonly CancellationTokenSource _enough = new();
    private readonly ConcurrentBag<Task> _publishing = [];
    private readonly Lock _turns = new(); // keeps the order of sending the same as in the ledger
    private Task _sending = Task.CompletedTask;

    private Load(LoadSize size, ILoadClient[] clients)
    {
        _size = size;
        _clients = clients;
    }

    public IReadOnlyList<ILoadClient> Clients => _clients;

    public Ledger Ledger { get; } = new();

    /// <summary>Whether sending is paused.</summary>
    public bool IsPaused { get; set; }

    /// <summary>Returns when all clients have joined.</summary>
    public static async Task<Load> JoinAsync(SystemUnderTest system, Func<Uri> door, LoadSize size)
    {
        var seats = size.Seats().ToList();
        var clients = new ILoadClient[seats.Count];
        var order = Enumerable.Range(0, seats.Count).ToArray();
        Random.Shared.Shuffle(order); // the edge assigns nodes in turn, and a group's members must not all get to the same node
        await Parallel.ForEachAsync(order, new ParallelOptions { MaxDegreeOfParallelism = JoinsAtOnce }, async (i, _) =>
            clients[i] = await system.ConnectAsync(door, seats[i], JoinTime));
        return new Load(size, clients);
    }

    public void Start() => _sending = SendAsync();

    /// <summary>Sends one more message from this client.</summary>
    public void Send(ILoadClient client) => Send(Array.IndexOf(_clients, client), 0);

    /// <summary>Sends some more messages to this topic, one after the other, from a client that writes to it.</summary>
    /// <param name="topic">The topic of a group or a user.</param>
    /// <param name="turn">Selects the client: the nodes take turns.</param>
    /// <param name="count">The number of messages.</param>
    public void Send(string topic, int turn, int count)
    {
        var isUsers = topic.StartsWith("user:", StringComparison.Ordinal);
        var nodes = _clients.Where(client => isUsers ? client.Topics[^1] != topic && client.Topics[^1].StartsWith("user:", StringComparison.Ordinal) : client.Topics[0] == topic)
            .GroupBy(client => client.Node).ToArray();
        ILoadClient[] writers = [.. nodes[turn % nodes.Length]];
        var writer = writers[Random.Shared.Next(writers.Length)];
        for (var i = 0; i < count; i++)
        {
            Send(writer, topic);
        }
    }

    /// <summary>Returns when all messages are settled and have arrived, or do not arrive any more.</summary>
    /// <param name="judge">Does the counting.</param>
    public async Task<Verdict> StopAsync(Func<Verdict> judge)
    {
        await _enough.CancelAsync();
        await _sending;
        var began = Clock.Now;
        var (last, changed) = (judge(), began);
        while (!last.IsSettled && Clock.Now - began < SettleTime && (Clock.Now - changed < StillTime || _clients.Any(client => client.Node.Length == 0)))
        {
            await Task.Delay(TimeSpan.FromSeconds(0.5));
            var verdict = judge();
            changed = verdict.Lost == last.Lost && verdict.Acknowledged == last.Acknowledged ? changed : Clock.Now;
            last = verdict;
        }

        return last;
    }

    public async ValueTask DisposeAsync()
    {
        await _enough.CancelAsync();
        await _sending;

        // The verdict is final, so no connection may hold up the end.
        var ends = Task.WhenAll(_clients.Select(client => client.DisposeAsync().AsTask()));
        await ends.WaitAsync(EndTime).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await Task.WhenAll(_publishing).WaitAsync(EndTime).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _enough.Dispose();
    }

    private async Task SendAsync()
    {
        using var ticks = new PeriodicTimer(Pace);
        var (due, sent, last) = (0.0, 0, Clock.Now);
        while (!_enough.IsCancellationRequested)
        {
            await ticks.WaitForNextTickAsync(CancellationToken.None);
            var now = Clock.Now;
            due += IsPaused ? 0 : (now - last).TotalSeconds * _size.Rate;
            last = now;
            for (; sent < (int)due; sent++)
            {
                Send(sent % _clients.Length, sent / _clients.Length);
            }
        }
    }

    // Clients with a topic of their own write to each other: hub clients every second time, the others always.
    private void Send(int index, int round)
    {
        var client = _clients[index];
        var isDirect = client.Topics is [.., var own] && own.StartsWith("user:", StringComparison.Ordinal) && (client.Topics.Count == 1 || round % 2 == 1);
        var place = index - (index % _size.Groups);
        var other = _clients[Math.Min(place + ((index + 1) % _size.Groups), _clients.Length - 1)];
        Send(client, isDirect ? other.Topics[^1] : client.Topics[0]);
    }

    private void Send(ILoadClient client, string topic)
    {
        lock (_turns)
        {
            _publishing.Add(client.PublishAsync(Ledger.Add(topic, client.Name)));
        }
    }
}
