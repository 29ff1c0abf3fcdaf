using System.Globalization;
using System.Text;
using Chat.Api.Connections;
using Chat.Api.Messages;

namespace Chat.Tests.Simulation;

/// <summary>The format of data sent to simulated clients: lines of words, which are cheap to write and to read. Unlike the real formats it has a line
/// for every entry of a log, also for removals and for what is deleted, so that each hole shows.</summary>
internal sealed class SimulatedFormat : IFrameFormat
{
    public static readonly SimulatedFormat Instance = new();

    public int Index => 0;

    public static Frame Line(FormattableString words) => new(Encoding.UTF8.GetBytes(words.ToString(CultureInfo.InvariantCulture) + "\n"));

    public Frame? Message(Topic topic, scoped in Envelope envelope) => envelope.Offset == 0 ? null : Line(
        $"{(envelope.IsRemoval ? 'R' : envelope.IsDeletion ? 'D' : envelope.IsGone ? 'G' : 'M')} {topic.Name} {Encoding.ASCII.GetString(envelope.Epoch)} {envelope.Offset} {Encoding.ASCII.GetString(envelope.Id)}");

    public Frame? Subscribed(Topic topic, string epoch, long offset, bool recovered) => Line($"{(recovered ? 'S' : 'H')} {topic.Name} {epoch} {offset} -");

    public Frame? Reconnect(TimeSpan after) => null;

    public Frame? Forbidden(Topic topic, DateTimeOffset? until) => null;

    public Frame? Presence(Topic topic, PresenceNews news)
    {
        var words = news.Members is { } members
            ? "=" + string.Join(',', members.Select(member => member.Id))
            : string.Join(',', news.Joined.Select(user => "+" + user).Concat(news.Left.Select(user => "-" + user)));
        return Line($"P {topic.Name} v {news.Version} {words}");
    }
}

/// <summary>A line as a client reads it.</summary>
/// <param name="Kind">M message, R removal, D deletion, G a message that is deleted, S start of a topic's stream, H the same after a hole, P presence, J answer to a join, F failed join, E
/// all topics are resumed, C the end.</param>
/// <param name="Topic">The topic's name.</param>
/// <param name="Epoch">Together with <paramref name="Offset"/> the position. For presence the offset is the version.</param>
/// <param name="Offset">As above.</param>
/// <param name="Text">The id of a message, or the users present.</param>
internal readonly record struct Line(char Kind, string Topic, string Epoch, long Offset, string Text)
{
    public static Line Parse(ReadOnlySpan<byte> utf8)
    {
        var words = Encoding.UTF8.GetString(utf8).Split(' ');
        return words.Length < 5 ? new Line(words[0][0], "", "", 0, "")
            : new Line(words[0][0], words[1], words[2], long.Parse(words[3], CultureInfo.InvariantCulture), words[4]);
    }

    public override string ToString() => $"{Kind} {Topic} {Epoch}:{Offset} {Text}";
}
