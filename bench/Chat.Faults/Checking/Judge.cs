namespace Chat.Faults.Checking;

/// <summary>Compares the acknowledged messages with those each member received: once, in one order, or with the notice that something is missing.</summary>
internal static class Judge
{
    /// <param name="ledger">The messages that were sent.</param>
    /// <param name="clients">All clients, each a member of its topics since before the first message.</param>
    /// <param name="mayForget">Whether Redis loses its data, and with them the ids it knows.</param>
    /// <param name="fault">The fault during the run.</param>
    public static Verdict Of(Ledger ledger, IReadOnlyList<IReceiver> clients, bool mayForget, Fault fault)
    {
        var messages = ledger.Messages.ToList();
        var acknowledged = messages.Where(message => message.AcknowledgedAt is not null).ToList(); // listed once, since more are acknowledged while this counts
        var arrivals = clients.Select(client => client.Reception.Arrivals).ToList();
        var orders = OrderOf(acknowledged, arrivals);
        var log = new SharedLog(mayForget);
        var losses = messages.Except(acknowledged).Where(message => !message.IsRefused).Select(message => $"nobody acknowledged {message}").ToList();
        var (reordered, duplicated, leaked, lost, told, expected, holes) = (0, 0, 0, 0, 0, 0, 0);
        foreach (var message in acknowledged.Where(message => message.Position is not null))
        {
            reordered += log.IsAt(message, message.Position!.Value) ? 0 : 1;
        }

        var late = OutOfTurn(acknowledged, orders).ToList();
        losses.AddRange(late);
        reordered += late.Count;
        var acknowledgedOf = acknowledged.ToLookup(message => message.Topic);
        foreach (var (client, came) in clients.Zip(arrivals))
        {
            var readers = client.Topics.ToDictionary(topic => topic, _ => new TopicReader(orders, log));
            foreach (var arrival in came)
            {
                if (!readers.TryGetValue(arrival.Topic, out var reader))
                {
                    leaked++;
                }
                else if (arrival.IsHole)
                {
                    reader.ReadHole(arrival);
                }
                else if (ledger.Find(arrival.Text!) is { } message && message.Topic == arrival.Topic)
                {
                    reader.Read(arrival, message);
                }
                else
                {
                    leaked++;
                }
            }

            foreach (var (topic, reader) in readers)
            {
                var due = acknowledgedOf[topic].Where(message => message.Sender != client.Name).ToList();
                var missing = due.Where(message => !reader.Has(message.Id)).ToList();
                var silent = missing.Where(message => !(message.Position is { } position && reader.IsTold(topic, position))).ToList();
                var known = missing.Count - silent.Count;
                losses.AddRange(silent.Select(message => $"{client.Name} on {topic} lacks {message}"));
                (expected, lost, told) = (expected + due.Count, lost + missing.Count - known, told + known);
                losses.AddRange(reader.Again.Select(again => $"{client.Name} on {topic} got again {again}"));
                (duplicated, reordered) = (duplicated + reader.Again.Count, reordered + reader.Reordered);
            }

            if (client.Repeated > 0)
            {
                losses.Add($"{client.Name} ({client.GetType().Name}) got {client.Repeated} messages at positions that it had passed");
            }

            duplicated += client.Repeated;
            holes += readers.Values.Any(reader => reader.HasHoles) ? 1 : 0;
        }

        losses.AddRange(log.Twice);
        return new Verdict
        {
            Sent = messages.Count,
            Acknowledged = acknowledged.Count,
            Refused = messages.Count(message => message.IsRefused),
            Expected = expected,
            Lost = lost,
            Told = told,
            Duplicated = duplicated + log.Twice.Count,
            Reordered = reordered,
            Leaked = leaked,
            Losses = losses,
            Holes = holes,
            Interrupted = clients.Count(client => client.WasInterrupted),
            Recovery = Timing.Recovery(ledger, acknowledged, arrivals, fault.Ended),
            Gap = Timing.LongestGap(clients, arrivals, fault),
        };
    }

    // Checks the messages of one sender in one topic: each has to be behind those written before it.
    private static IEnumerable<string> OutOfTurn(List<SentMessage> acknowledged, EpochOrder orders)
    {
        foreach (var turns in acknowledged.Where(message => message.IsInTurn).GroupBy(message => (message.Sender, message.Topic)))
        {
            var (last, reached) = ((SentMessage?)null, Place.Start);
            foreach (var message in turns.OrderBy(message => message.SentAt))
            {
                var place = orders.PlaceOf(message.Topic, message.Position!.Value);
                if (place < reached)
                {
                    yield return $"on {message.Topic} stands {message} before {last}";
                }
                else
                {
                    (last, reached) = (message, place);
                }
            }
        }
    }

    private static EpochOrder OrderOf(List<SentMessage> acknowledged, List<Arrival[]> arrivals)
    {
        var order = new EpochOrder();
        foreach (var message in acknowledged)
        {
            order.See(message.Topic, message.Position, message.AcknowledgedAt!.Value);
        }

        foreach (var arrival in arrivals.SelectMany(came => came))
        {
            order.See(arrival.Topic, arrival.Position, arrival.At);
        }

        return order;
    }
}
