using System.Collections.Concurrent;
using System.Globalization;

namespace Chat.Faults.Checking;

/// <summary>A message and what became of it.</summary>
internal sealed class SentMessage(string id, string topic, string sender)
{
    private volatile Acknowledgement? _acknowledged; // set in one piece: the judge counts while answers arrive

    public string Id => id;

    public string Topic => topic;

    public string Sender => sender;

    /// <summary>The text that is sent. It names the topic, so that a message that arrives elsewhere is noticed.</summary>
    public string Text => $"{topic} {id}";

    public TimeSpan SentAt { get; } = Clock.Now;

    /// <summary>When the server acknowledged the message. Null if not yet, or never.</summary>
    public TimeSpan? AcknowledgedAt => _acknowledged?.At;

    /// <summary>The message's position, if the server told it.</summary>
    public Position? Position => _acknowledged?.Position;

    /// <summary>Whether the sender was told that it failed.</summary>
    public bool IsRefused { get; private set; }

    /// <summary>Whether it was sent once, over one connection with the messages its sender wrote before and after it. Then it has to stand between these.</summary>
    public bool IsInTurn => _acknowledged is { IsInTurn: true };

    public void Acknowledge(Position? position, bool isInTurn = false) => _acknowledged = new(Clock.Now, position, isInTurn);

    public void Refuse() => IsRefused = true;

    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"{id} of {sender} at {Position}, sent at {SentAt.TotalSeconds:0.00} s, acknowledged at {AcknowledgedAt?.TotalSeconds:0.00} s");

    private sealed record Acknowledgement(TimeSpan At, Position? Position, bool IsInTurn);
}

/// <summary>All messages that were sent.</summary>
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

    /// <summary>The message with this text, or null if nobody sent it.</summary>
    public SentMessage? Find(string text) =>
        _messages.TryGetValue(text[(text.LastIndexOf(' ') + 1)..], out var message) && message.Text == text ? message : null;

    private long _last;
}
