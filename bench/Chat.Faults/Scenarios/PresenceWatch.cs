using System.Collections.Concurrent;
using Chat.Tests.Support;

namespace Chat.Faults.Scenarios;

/// <summary>Reads the presence of a topic as a client is told of it, and records who has left.</summary>
internal sealed class PresenceWatch : IAsyncDisposable
{
    private readonly ChatClient _client;
    private readonly ConcurrentDictionary<string, bool> _left = new();
    private readonly Task _reading;

    public PresenceWatch(ChatClient client)
    {
        _client = client;
        _reading = ReadAsync();
    }

    public bool HasLeft(string user) => _left.ContainsKey(user);

    public async ValueTask DisposeAsync()
    {
        await _client.DisposeAsync();
        await _reading;
    }

    private async Task ReadAsync()
    {
        try
        {
            while (true)
            {
                foreach (var user in ChatFrame.Parse(await _client.NextOrEndAsync(CancellationToken.None)).Left ?? [])
                {
                    _left[user] = true;
                }
            }
        }
        catch (EndOfStreamException)
        {
            // The watch is over.
        }
    }
}
