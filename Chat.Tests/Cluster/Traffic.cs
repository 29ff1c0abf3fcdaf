using Chat.Tests.Support;
using Xunit;

namespace Chat.Tests.Cluster;

/// <summary>Members of one group who all publish one message after the other until told to stop.</summary>
internal sealed class Traffic : IDisposable
{
    private readonly ResumingClient[] _clients;
    private readonly TimeSpan _pause;
    private readonly CancellationTokenSource _enough = new();
    private readonly List<ChatFrame> _acks = []; // guards itself
    private readonly Task[] _publishing;

    /// <param name="clients">The members.</param>
    /// <param name="perSecond">The messages a second of all members together. Null: as many as possible, which leaves hardly any CPU for a process
    /// that starts meanwhile.</param>
    public Traffic(ResumingClient[] clients, int? perSecond = null)
    {
        _clients = clients;
        _pause = perSecond is { } rate ? TimeSpan.FromSeconds((double)clients.Length / rate) : TimeSpan.Zero;
        _publishing = [.. clients.Select(PublishAsync)];
    }

    public int Acknowledged
    {
        get
        {
            lock (_acks)
            {
                return _acks.Count;
            }
        }
    }

    /// <summary>Returns when every member has this many more messages of others than now.</summary>
    public Task UntilAsync(int more) => Task.WhenAll(_clients.Select(client => client.UntilAsync(client.Count + more, ChatClient.Deadline)));

    /// <summary>Returns when everything sent is acknowledged.</summary>
    public async Task StopAsync()
    {
        await _enough.CancelAsync();
        await Task.WhenAll(_publishing).WaitAsync(ChatClient.Deadline);
    }

    /// <summary>Asserts that every member has all acknowledged messages of all others, each once, in the order of the log.</summary>
    public async Task AssertNothingMissingAsync()
    {
        foreach (var (client, index) in _clients.Select((client, index) => (client, index)))
        {
            var expected = _acks.Where(ack => !ack.Id!.StartsWith($"{index}-", StringComparison.Ordinal)).OrderBy(ack => ack.Offset).ToList();
            try
            {
                await client.UntilAsync(expected.Count, ChatClient.Deadline);
            }
            catch (TimeoutException exception)
            {
                var ids = client.Messages.Select(message => message.Id).ToHashSet();
                throw new TimeoutException(
                    $"{exception.Message} It is on node {client.Node}, was told of {client.Holes} holes, and has never got "
                    + string.Join(", ", expected.Where(ack => !ids.Contains(ack.Id)).Select(ack => $"{ack.Id} at {ack.Position}").Take(20)));
            }

            Assert.Equal(expected.Select(ack => (ack.Position, ack.Id)), client.Messages.Select(message => (message.Position, message.Id)));
            Assert.Equal((0, 0), (client.Holes, client.Repeated));
        }
    }

    public void Dispose()
    {
        _enough.Cancel();
        foreach (var client in _clients)
        {
            _ = client.DisposeAsync().AsTask();
        }

        _enough.Dispose();
    }

    private async Task PublishAsync(ResumingClient client, int index)
    {
        using var pace = _pause > TimeSpan.Zero ? new PeriodicTimer(_pause) : null;
        for (var i = 0; !_enough.IsCancellationRequested; i++)
        {
            var ack = await client.PublishAsync($"{index}-{i}", $"{i}");
            lock (_acks)
            {
                _acks.Add(ack);
            }

            await (pace?.WaitForNextTickAsync(CancellationToken.None) ?? default);
        }
    }
}
