namespace Chat.Bench;

/// <summary>The output of <c>--help</c>.</summary>
internal static class HelpText
{
    public const string Whole = """
        Puts load on a cluster of Chat, counts every delivery, and prints what it took: CPU, memory, time.

          dotnet run -c Release --project bench/Chat.Bench -- fanout:100 pairs:max
          dotnet run -c Release --project bench/Chat.Bench -- storm:3000 idle:8000 --edge
          dotnet run -c Release --project bench/Chat.Bench -- rooms --url http://10.0.0.5:8080 --key SECRET

          dotnet run -c Release --project bench/Chat.Bench -- shards [RATE [SECONDS]]
                           what each primary of a Redis Cluster adds, with classic channels and with sharded ones: backplanes alone,
                           RATE messages a second and primary (6000; 0: as many as get through)

        Workloads, one or more, each with how much of it in place of its default:
          fanout[:RATE]    1,000 in one group; 10 of them write RATE messages a second in all (100)
          rooms[:RATE]     1,000 in groups of 5; everyone writes, RATE in all (2000)
          pairs[:RATE]     500 pairs, the two of each on different nodes; everyone writes to the other, RATE in all (5000)
                           RATE may be max: as much as gets through
          idle[:N]         N who say nothing (10000): memory of each, CPU of all
          storm[:N]        N who connect at once (3000): how many a second, CPU of each
                           --missed M: in groups of ten, in JSON, after M messages of their group, which they get

        Or, alone: how what a message costs changes with the size of things, in one table, within ten minutes.
          growth           all of these, each on a fresh cluster; or some of them:
          growth:members   10 to 10,000 in one group, 50,000 deliveries a second in all
          growth:groups    10 to 100,000 groups of two, 2,000 messages a second in all; many groups to a connection (/chat/channel)
          growth:connections   1,000 to 100,000 who say nothing, as far as open files allow; beside them pairs:2000
          growth:nodes     1 to 6 nodes: how often, and with how many bytes, a message leaves Redis; its members on all nodes, or two

        How they come in:
          --door text|json|hub   raw endpoints in text frames (the default) or JSON, or the SignalR hub in JSON
          --connections N  --group N  --writers N    in place of the numbers above; writers are those of each group
          --size BYTES     of a message's text (100)
          --window N       with max: so many deliveries are under way (fanout 20000, rooms 2000, pairs 500)
          --at-once N      so many connect at the same time (100)

        What is measured:
          --nodes N        starts Redis and N nodes (3) on this machine, default settings, but no limits on who writes how much
          --edge           and an edge in front of them, through which everyone comes
          --redis redis|garnet   redis-server, the default where it is installed, or garnet, which comes as a package
          --set KEY=VALUE  a setting of the nodes, such as Chat:Backplane:GatherTime=00:00:00, or of the edge (Edge:…); any number
          --url URL        instead: a cluster that runs, http only; any number of them, which are taken in turn. Its limits apply:
                           those on writers and topics (docs/SETTINGS.md) have to be off, or above the load
          --key SECRET     its Auth:SecurityKey, to make tokens with; without it, hub clients fetch theirs from /api/auth/token
          --pid NAME=PID   a process of that cluster on this machine, whose CPU and memory belong into the table

        How long:
          --reps N         repetitions (3; of growth 1), after one that does not count; the table has medians
          --seconds S      each of so long (5; of growth 4), after --warmup S of the same load (2)
          --quick          30 connections on one node, one second, once: does it work?

          --hold           with idle and --url: they come in and stay until this program is ended, and nothing is measured
          --before N       so many connections to each address come from other programs of this machine: others of its loopback
                           addresses are used for these
          --threads N      of this program (a quarter of the cores)
          --sockets epoll|select   epoll is Linux's, and the default there
          --json           the report as JSON, in one line, with each repetition

        To size a cluster: growth shows what a delivery, a message, a connection and a node cost on your machine, docs/SCALE.md how to
        reckon with that. storm:3000 --reps 8 shows what it costs when everybody comes back.

        CPU is to be compared at equal rates: it falls as the rate rises. What this program takes itself is in the table; on a small
        machine throughput and latency depend on it, and on whatever else runs. On another machine than the servers it disturbs least.

        Ends with 0 if all is well; with 1 if a message was lost, doubled, out of order or came to somebody else, or a connection
        failed or was closed; with 2 if it could not run.
        """;
}
