using System.Globalization;
using Chat.Tests.Support;

namespace Checker;

/// <summary>A message that was acknowledged.</summary>
internal sealed record Sent(int Member, int Group, ChatFrame Ack, TimeSpan Took);

/// <summary>What a member has got in the end.</summary>
internal sealed record Received(int Member, int Group, ResumingClient Client);

/// <summary>What became of the messages.</summary>
internal sealed record Verdict
{
    public int Sent { get; private init; }

    public int Acknowledged { get; private init; }

    /// <summary>How many messages members should have got: each acknowledged one, once per other member of its group.</summary>
    public int Expected { get; private init; }

    public int Delivered { get; private init; }

    /// <summary>Acknowledged messages that a member of the group has not got.</summary>
    public int Lost { get; private init; }

    /// <summary>Messages that came twice to a member, or stand at two positions of a log.</summary>
    public int Duplicated { get; private init; }

    /// <summary>Messages that came to a member behind one of a later position, or where others have another one.</summary>
    public int Reordered { get; private init; }

    public int Resumes { get; private init; }

    /// <summary>Times a member was told that something may be missing.</summary>
    public int Holes { get; private init; }

    public TimeSpan SlowestAck { get; private init; }

    public bool IsClean => Lost == 0 && Duplicated == 0 && Reordered == 0 && Holes == 0 && Acknowledged == Sent;

    public static Verdict Of(int attempts, List<Sent> sent, List<Received> received)
    {
        var (expected, delivered, lost, duplicated, reordered) = (0, 0, 0, 0, 0);
        var positions = new Dictionary<(int Group, string Id), string>();
        var ids = new Dictionary<(int Group, string Position), string>();
        foreach (var message in sent)
        {
            duplicated += positions.TryAdd((message.Group, message.Ack.Id!), message.Ack.Position) ? 0 : 1;
            reordered += ids.TryAdd((message.Group, message.Ack.Position), message.Ack.Id!) ? 0 : 1;
        }

        foreach (var member in received)
        {
            var messages = member.Client.Messages;
            delivered += messages.Count;
            duplicated += member.Client.Repeated;
            var last = 0L;
            foreach (var message in messages)
            {
                // Who is first to see a message says where it stands; everybody else has to agree.
                var key = (member.Group, message.Id!);
                duplicated += positions.TryAdd(key, message.Position) || positions[key] == message.Position ? 0 : 1;
                var place = (member.Group, message.Position);
                reordered += ids.TryAdd(place, message.Id!) || ids[place] == message.Id ? 0 : 1;
                reordered += message.Offset > last ? 0 : 1;
                last = message.Offset;
            }

            var has = messages.Select(message => message.Id).ToHashSet();
            var wanted = sent.Where(message => message.Group == member.Group && message.Member != member.Member).ToList();
            expected += wanted.Count;
            lost += wanted.Count(message => !has.Contains(message.Ack.Id));
        }

        return new Verdict
        {
            Sent = attempts,
            Acknowledged = sent.Count,
            Expected = expected,
            Delivered = delivered,
            Lost = lost,
            Duplicated = duplicated,
            Reordered = reordered,
            Resumes = received.Sum(member => member.Client.Resumes),
            Holes = received.Sum(member => member.Client.Holes),
            SlowestAck = sent.Count == 0 ? TimeSpan.Zero : sent.Max(message => message.Took),
        };
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"""
        sent {Sent}, acknowledged {Acknowledged}, the slowest after {SlowestAck.TotalSeconds:0.0} s; delivered {Delivered} of {Expected}
        resumed {Resumes} times, told of a hole {Holes} times
        lost {Lost}, duplicated {Duplicated}, reordered {Reordered}
        """);
}
