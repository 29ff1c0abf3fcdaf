using System.Collections.Concurrent;
using System.Globalization;

namespace Chat.Faults.Checking;

/// <summary>A message and what became of it.</summary>
internal sealed class SentMessage(string id, string topic, string sender)
{
    public string Id => id;

    public string Topic => topic;

    public string Sender => sender;

    /// <summary>What is sent: it says where it belongs, so that one that comes out elsewhere shows.</summary>
    public string Text => $"{topic} {id}";

    public TimeSpan SentAt { get; } = Clock.Now;

    /// <summary>When the server said that it has it; null: not yet, or never.</summary>
    public TimeSpan? AcknowledgedAt { get; private set; }

    public Position? Position { get; private set; }

    /// <summary>Whether the sender was told that it failed.</summary>
    public bool IsRefused { get; private set; }

    /// <summary>Whether it went once, over one connection with what its sender wrote before and after it: then it has to stand between these.</summary>
    public bool IsInTurn { get; private set; }

    public void Acknowledge(Position? position, bool isInTurn = false)
    {
        (Position, IsInTurn) = (position, isInTurn); // before the time, which says that it is there
        AcknowledgedAt = Clock.Now;
    }

    public void Refuse() => IsRefused = true;

    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"{id} of {sender} at {Position}, sent at {SentAt.TotalSeconds:0.00} s, acknowledged at {AcknowledgedAt?.TotalSeconds:0.00} s");
}

/// <summary>All that was sent.</summary>
internal sealed class Ledger
{
    private readonly ConcurrentDictionary<string, SentMessage> _messages = new();

    public IEnumerable<SentMessage> Messages => _messages.Values;

    public int Count => _messages.Count;

    public SentMessage Add(string topic, string sender)
    {
        var message = new SentMessage($"m{Interlocked.Increment(ref _last)}", topic, sender);
        _messages[message.Id] = message;
        return message;
    }

    /// <summary>The message of this text, or null: nobody sent that.</summary>
    public SentMessage? Find(string text) =>
        _messages.TryGetValue(text[(text.LastIndexOf(' ') + 1)..], out var message) && message.Text == text ? message : null;

    private long _last;
}
