namespace Chat.Faults.Checking;

/// <summary>A place in a topic's log; systems without a log have none.</summary>
internal readonly record struct Position(string Epoch, long Offset);

/// <summary>Something that reached a client: a message or, without a text, the notice that something is missing before this position.</summary>
internal readonly record struct Arrival(TimeSpan At, string Topic, string? Text, Position? Position)
{
    public bool IsHole => Text is null;
}
