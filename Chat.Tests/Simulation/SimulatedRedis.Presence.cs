using System.Globalization;
using System.Text;
using Chat.Api.Messages;
using Chat.Api.Presence;

namespace Chat.Tests.Simulation;

// Simulates presence.lua, presence-read.lua with the reads that follow it, presence-roll.lua, node-beat.lua and node-leave.lua, without expiry.
internal sealed partial class SimulatedRedis
{
    private const int SweepMilliseconds = 1_000;
    private const int LeaseMilliseconds = 7_000; // SimulatedNode's

    private long Milliseconds => world.Microseconds / 1000;

    public void Report(string topic, string node, IReadOnlyCollection<PresentUser> users, bool isAll)
    {
        var known = Get<HereState>("here:" + topic) ?? new HereState(0, new(StringComparer.Ordinal));
        var here = known.Copy();
        List<string> changes = [];
        foreach (var (user, connections) in users)
        {
            Report(here, node, user, connections, changes);
        }

        foreach (var user in isAll ? here.Where(user => user.Value.ContainsKey(node)).Select(user => user.Key).ToList() : [])
        {
            if (!users.Any(given => given.Id == user))
            {
                Report(here, node, user, 0, changes);
            }
        }

        var version = changes.Count == 0 ? known.Version : known.Version > 0 ? known.Version + 1 : Microsecond();
        Set("here:" + topic, here.Count == 0 ? null : new HereState(version, here));
        if (changes.Count > 0)
        {
            var news = string.Create(CultureInfo.InvariantCulture, $"{version}\n{here.Count}\n{string.Join('\n', changes)}");
            Publish("presence:" + topic, Encoding.UTF8.GetBytes(news));
        }
    }

    public PresenceNews ReadPresence(string topic, int most)
    {
        var known = Get<HereState>("here:" + topic);
        var count = known?.Users.Count ?? 0;
        return new PresenceNews(known?.Version ?? 0, count)
        {
            Members = count <= most ? [.. (known?.Users ?? []).Select(user => new PresentUser(user.Key, user.Value.Values.Sum()))] : null,
        };
    }

    public PresenceRoll CallRoll(string node, string? sweeping)
    {
        var reporters = Scores("reporters");
        var isKnown = reporters.TryGetValue(node, out var known) && known == 0;
        reporters[node] = Scores("leases").ContainsKey(node) ? 0 : Milliseconds + LeaseMilliseconds;
        var looked = Scores("looked");
        if (looked.Remove(node))
        {
            Set("looked", looked);
        }

        if (sweeping is not null)
        {
            if (reporters.TryGetValue(sweeping, out var score) && score > 0 && score < Milliseconds + SweepMilliseconds)
            {
                reporters[sweeping] = Milliseconds + SweepMilliseconds;
            }

            Set("reporters", reporters);
            return new PresenceRoll(isKnown, "");
        }

        var dead = reporters.Keys.FirstOrDefault(other => other != node && reporters[other] <= Milliseconds && !Scores("leases").ContainsKey(other)) ?? "";
        if (dead.Length > 0)
        {
            reporters[dead] = Milliseconds + SweepMilliseconds;
        }

        Set("reporters", reporters);
        return new PresenceRoll(isKnown, dead, looked.ContainsKey(dead));
    }

    /// <summary>Whether the node will be swept when it dies.</summary>
    public bool IsReporter(string node) => Scores("reporters").ContainsKey(node);

    public void LeaveRoll(string node, TimeSpan delay)
    {
        var reporters = Scores("reporters");
        reporters[node] = Milliseconds + (long)delay.TotalMilliseconds;
        Set("reporters", reporters);
    }

    public void Swept(string node, bool hadUsers, TimeSpan lookAgain)
    {
        var reporters = Scores("reporters");
        var looked = Scores("looked"); // in Redis the fraction .5 of the score
        if (reporters.TryGetValue(node, out var score) && score == 0)
        {
            reporters[node] = 1; // it is alive, and came back during the sweep
        }
        else if (hadUsers || !looked.ContainsKey(node))
        {
            (reporters[node], looked[node]) = (Milliseconds + (long)lookAgain.TotalMilliseconds, 1);
        }
        else
        {
            reporters.Remove(node);
            looked.Remove(node);
        }

        Set("reporters", reporters);
        Set("looked", looked);
    }

    public void AddTopics(string node, IEnumerable<string> topics) => Set("topics:" + node, TopicsOf(node).Union(topics).ToArray());

    public void RemoveTopics(string node, IEnumerable<string> topics) =>
        Set("topics:" + node, TopicsOf(node).Except(topics).ToArray() is { Length: > 0 } rest ? rest : null);

    public IReadOnlyCollection<string> TopicsOf(string node) => Get<string[]>("topics:" + node) ?? [];

    public string[] Beat(string node, long leaseMilliseconds, long graceMilliseconds)
    {
        var leases = Scores("leases");
        var now = Milliseconds;
        if (leases.TryGetValue(node, out var lease) && lease <= now && leases.Values.All(until => until <= now))
        {
            foreach (var other in leases.Keys.ToList())
            {
                leases[other] = now + graceMilliseconds;
            }
        }

        var isNews = lease <= now;
        leases[node] = now + leaseMilliseconds;
        string[] gone = [.. leases.Where(other => other.Value <= now).Select(other => other.Key)];
        foreach (var other in gone)
        {
            leases.Remove(other);
        }

        Set("leases", leases);
        foreach (var id in isNews ? [node, .. gone] : gone)
        {
            Publish("nodes", Encoding.ASCII.GetBytes(id));
        }

        return [.. leases.Keys];
    }

    public void LeaveNodes(string node)
    {
        var leases = Scores("leases");
        leases.Remove(node);
        Set("leases", leases);
        Publish("nodes", Encoding.ASCII.GetBytes(node));
    }

    /// <summary>Lives known to have begun without some acknowledged data: <c>{life}@{microseconds}</c> each.</summary>
    public string[] BrokenLives() => Get<string[]>("broken") ?? [];

    public void AddBrokenLives(IEnumerable<string> lives) => Set("broken", BrokenLives().Union(lives).ToArray());

    private static void Report(SortedDictionary<string, Dictionary<string, long>> here, string node, string user, long connections, List<string> changes)
    {
        var isKnown = here.TryGetValue(user, out var known);
        var now = isKnown ? new Dictionary<string, long>(known!) : [];
        now.Remove(node);
        if (connections > 0)
        {
            now[node] = connections;
        }

        if (now.Count > 0)
        {
            here[user] = now;
            if (!isKnown)
            {
                changes.Add("+" + user);
            }
        }
        else if (isKnown)
        {
            here.Remove(user);
            changes.Add("-" + user);
        }
    }

    private SortedDictionary<string, long> Scores(string key) =>
        Get<SortedDictionary<string, long>>(key) is { } known ? new(known, StringComparer.Ordinal) : new(StringComparer.Ordinal);

    // By user, the number of connections on each node.
    private sealed record HereState(long Version, SortedDictionary<string, Dictionary<string, long>> Users)
    {
        public SortedDictionary<string, Dictionary<string, long>> Copy() => new(Users, StringComparer.Ordinal);
    }
}
