using System.Collections.Concurrent;
using System.Text;
using Chat.Api.Redis.Resp;

namespace Chat.Api.Redis;

/// <summary>The Redis servers, with a link for commands to each: the configured one and, in a Redis Cluster, its peers; and which of them
/// owns which slot.</summary>
/// <remarks>Nothing is configured for a cluster: CLUSTER SLOTS tells whether it is one and who owns each slot, and MOVED answers keep
/// that right. Links to further servers are opened when they are named, and ended when those servers have been out of the cluster for a while.</remarks>
internal sealed class RedisServers : IDisposable
{
    private const int TicksKept = 60; // a server that takes over slots owns none at first, and one that was replaced may come back

    private readonly RedisEndpoint _endpoint;
    private readonly FurtherServers _further = new();
    private readonly Func<RedisEndpoint, LastAck?, RespLink> _newLink;
    private readonly ConcurrentDictionary<(string Host, int Port), RespLink> _peers = new(); // also ended ones whose last acknowledgement still counts
    private readonly Dictionary<RespLink, int> _replacedFor = []; // ticks; touched by the thread that makes the ticks
    private readonly RespLink?[] _owners = new RespLink?[RedisSlot.Count];
    private readonly SlotTraffic?[] _traffic = new SlotTraffic?[RedisSlot.Count];
    private volatile RespLink[] _primaries = []; // those that own slots, as last heard
    private uint _turns; // touched by the thread that makes the ticks
    private volatile bool _isCluster;
    private volatile bool _isKnown;

    /// <param name="endpoint">Where Redis is.</param>
    /// <param name="newLink">Makes a link to a server; also given is what that server acknowledged last over an earlier link.</param>
    public RedisServers(RedisEndpoint endpoint, Func<RedisEndpoint, LastAck?, RespLink> newLink)
    {
        _endpoint = endpoint with { Further = _further };
        _newLink = newLink;
        Main = newLink(_endpoint, null);
    }

    /// <summary>The link to a configured server or, if none of those will do, to another server of the cluster.</summary>
    public RespLink Main { get; }

    /// <summary>Whether every server that owns slots takes commands. A server that was replaced no longer counts.</summary>
    public bool AreUp => _isKnown && Main.IsUp && Array.TrueForAll(_primaries, static server => server.IsUp);

    /// <summary>Whether it is known where commands belong.</summary>
    public bool IsKnown => _isKnown;

    public bool IsCluster => _isCluster;

    /// <summary>The links to the servers that own slots, as last heard; a single server owns all.</summary>
    public IReadOnlyList<RespLink> Primaries => _isCluster ? _primaries : [Main];

    public IEnumerable<RespLink> All => _peers.Values.Append(Main);

    /// <summary>Links to servers that no longer own a slot. They may be up: a server that was replaced may not know it yet.</summary>
    public IEnumerable<RespLink> Replaced => _isCluster ? All.Where(link => !_primaries.Contains(link)) : [];

    /// <summary>The link to the server that owns a slot, as far as is known.</summary>
    public RespLink OwnerOf(int slot) => Volatile.Read(ref _owners[slot]) ?? Main;

    /// <summary>A server for what belongs to no slot: the main one, unless that is away, or was taken out of the cluster and does not know it.</summary>
    public RespLink Anywhere =>
        _primaries is { Length: > 0 } primaries && !(Main.IsUp && primaries.Contains(Main)) ? primaries.FirstOrDefault(static server => server.IsUp) ?? Main : Main;

    /// <summary>One of the servers that own slots and take commands: each time the next one. Called once a tick.</summary>
    /// <param name="among">How many there are.</param>
    public RespLink InTurn(out int among)
    {
        RespLink[] up = [.. Primaries.Where(static server => server.IsUp)];
        among = Math.Max(1, up.Length);
        return up.Length == 0 ? Main : up[_turns++ % (uint)up.Length];
    }

    /// <summary>Whether the server at the end of a link owns slots; a single server owns all.</summary>
    public bool IsPrimary(RespLink link) => _isCluster ? Array.IndexOf(_owners, link) >= 0 : link == Main;

    /// <summary>The commands of a slot that are under way, in a cluster.</summary>
    public SlotTraffic TrafficOf(int slot) =>
        Volatile.Read(ref _traffic[slot]) ?? Interlocked.CompareExchange(ref _traffic[slot], new SlotTraffic(this, slot), null) ?? _traffic[slot]!;

    public RespLink At(string host, int port)
    {
        // An empty host stands for the server that was asked.
        host = host.Length == 0 ? _endpoint.Servers[0].Host : host;
        if (_endpoint.Servers is [var only] && only == (host, port) && !IsElsewhere(Main))
        {
            return Main;
        }

        lock (_peers) // or the threads of two links would both start one
        {
            if (!_peers.TryGetValue((host, port), out var peer) || peer.IsEnded)
            {
                peer = _peers[(host, port)] = _newLink(_endpoint.At(host, port), peer?.LastAck);
                peer.Start();
            }

            return peer;
        }
    }

    /// <summary>A slot has moved.</summary>
    public void Learn(int slot, RespLink owner)
    {
        lock (_peers) // or an answer about all slots, of a moment ago, could forget this one among the primaries, and not among the owners
        {
            Assign(slot, slot, owner);
            _primaries = _primaries.Contains(owner) ? _primaries : [.. _primaries, owner];
            _further.Add(AddressOf(owner));
        }
    }

    /// <summary>Asks a server for all slots.</summary>
    /// <param name="server">The link to it.</param>
    /// <param name="answered">Called when its answer has been processed.</param>
    public void Ask(RespLink server, Action answered) =>
        server.TrySend(new CommandBuffer().Command(2).Bulk("CLUSTER"u8).Bulk("SLOTS"u8).Span, new SlotsReply(this, answered));

    /// <summary>Ends the links to servers that have left the cluster: otherwise each would try to connect for as long as the node runs. What such a
    /// server acknowledged last is kept while it counts. Called once a tick.</summary>
    /// <param name="counts">Whether it counts.</param>
    /// <param name="ended">Called for a link over which nothing more can be acknowledged.</param>
    public void EndReplaced(Func<LastAck, bool> counts, Action<RespLink> ended)
    {
        RespLink[] replaced = [.. Replaced.Where(link => link != Main)];
        foreach (var back in _replacedFor.Keys.Except(replaced).ToArray())
        {
            _replacedFor.Remove(back);
        }

        foreach (var link in replaced)
        {
            var ticks = _replacedFor[link] = _replacedFor.GetValueOrDefault(link) + 1;
            if (ticks == TicksKept)
            {
                link.End();
            }
            else if (ticks == TicksKept + 1)
            {
                ended(link);
            }
            else if (ticks > TicksKept && !counts(link.LastAck))
            {
                _peers.TryRemove(KeyValuePair.Create(AddressOf(link), link));
            }
        }
    }

    public void Dispose()
    {
        foreach (var link in All)
        {
            link.Dispose();
        }
    }

    // Such a link is at another server by now, which knows nothing of what the link's own server has acknowledged.
    private static bool IsElsewhere(RespLink link) => link.Server != AddressOf(link);

    private static (string Host, int Port) AddressOf(RespLink peer) => peer.Endpoint.Servers[0];

    private void Assign(int first, int last, RespLink owner)
    {
        for (var slot = first; slot <= last; slot++)
        {
            Volatile.Write(ref _owners[slot], owner);
        }

        _isCluster = true;
    }

    /// <summary>An array of <c>[first slot, last slot, [host, port, …owner], …replicas]</c>, or an error where there is no cluster.</summary>
    private sealed class SlotsReply(RedisServers servers, Action answered) : IRespReply
    {
        public void Complete(ref RespReader reply)
        {
            if (reply.ReadAny() is object?[] ranges)
            {
                lock (servers._peers)
                {
                    Assign(ranges);
                }
            }

            servers._isKnown = true;
            answered();
        }

        public void Fail()
        {
            // The link broke; the next connect asks again.
        }

        private void Assign(object?[] ranges)
        {
            foreach (var range in ranges)
            {
                if (range is object?[] parts && parts is [long first and >= 0, long last and < RedisSlot.Count, object?[] server, ..]
                    && server is [var host, long port, ..])
                {
                    var name = host is byte[] bytes ? Encoding.UTF8.GetString(bytes) : "";
                    servers.Assign((int)first, (int)last, servers.At(name, (int)port));
                }
            }

            servers._primaries = [.. servers._owners.OfType<RespLink>().Distinct()];
            servers._further.Set(servers._primaries.Select(AddressOf));
        }
    }
}
