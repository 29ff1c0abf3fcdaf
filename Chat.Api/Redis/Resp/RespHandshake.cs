using System.Diagnostics;
using System.Text;

namespace Chat.Api.Redis.Resp;

/// <summary>Logs in on a new connection: AUTH and SELECT if configured, and a PING to prove that somebody answers. On a link for commands, INFO tells
/// which life of the server this is. If sharded channels are needed, one SPUBLISH shows whether the server supports them.</summary>
internal static class RespHandshake
{
    /// <exception cref="RespException">Redis refused, did not answer in time, does not support sharded channels though they are needed,
    /// or is a replica although the link is for commands.</exception>
    /// <returns>The server's life (<see cref="ServerLife"/>).</returns>
    public static string Perform(RespSocket socket, RedisEndpoint endpoint, (string? User, string? Password) login, RespLinkKind kind, TimeSpan timeout)
    {
        var commands = new CommandBuffer();
        var replies = 1;
        if (endpoint.Resp3)
        {
            replies++;
            Hello(commands, login);
        }
        else if (login.Password is not null)
        {
            replies++;
            Auth(commands, login);
        }

        if (endpoint.Database != 0)
        {
            replies++;
            commands.Command(2).Bulk("SELECT"u8).Bulk(endpoint.Database);
        }

        commands.Command(1).Bulk("PING"u8);
        var questions = 0;
        if (kind == RespLinkKind.Commands)
        {
            questions = 2;
            commands.Command(2).Bulk("INFO"u8).Bulk("server"u8).Command(2).Bulk("INFO"u8).Bulk("replication"u8);
            if (endpoint.ShardedChannel is { } channel)
            {
                questions++;
                commands.Command(3).Bulk("SPUBLISH"u8).Bulk(channel).Bulk(""u8);
            }
        }

        socket.Send(commands.Span, out _);
        var answers = Await(socket, replies, questions, timeout);
        socket.EndHandshake();
        return answers is not [var server, var replication, ..] ? ServerLife.Unknown
            : answers is [_, _, ['-', .. var error]] && !IsOfTheCluster(error)
                ? throw new RespException($"it takes no SPUBLISH, which Redis has since version 7 and Chat:Backplane:PubSub=Sharded needs: {error}")
            : ServerLife.IsReplica(replication) ? throw new ReplicaException(ServerLife.PrimaryInCluster(server, replication))
            : ServerLife.Of(server, replication);
    }

    public static CommandBuffer Auth(CommandBuffer command, (string? User, string? Password) login) => login.User is null
        ? command.Command(2).Bulk("AUTH"u8).Bulk(login.Password!)
        : command.Command(3).Bulk("AUTH"u8).Bulk(login.User).Bulk(login.Password!);

    // The server knows the command, but the channel's slot is another server's, or nobody's at the moment.
    private static bool IsOfTheCluster(string error) =>
        error.Split(' ')[0] is "MOVED" or "ASK" or "TRYAGAIN" or "CLUSTERDOWN" or "MASTERDOWN";

    // HELLO logs in, too: a server that demands a login may refuse a HELLO without one.
    private static void Hello(CommandBuffer command, (string? User, string? Password) login)
    {
        if (login.Password is null)
        {
            command.Command(2).Bulk("HELLO"u8).Bulk("3"u8);
        }
        else
        {
            command.Command(5).Bulk("HELLO"u8).Bulk("3"u8).Bulk("AUTH"u8).Bulk(login.User ?? "default").Bulk(login.Password);
        }
    }

    private static List<string> Await(RespSocket socket, int replies, int questions, TimeSpan timeout)
    {
        var answers = new List<string>(questions);
        var buffer = new byte[64 * 1024];
        var (start, end) = (0, 0);
        var watch = Stopwatch.StartNew();
        while (replies + questions > 0)
        {
            if (watch.Elapsed > timeout || end == buffer.Length)
            {
                throw new RespException("no answer in time");
            }

            end += socket.Receive(buffer.AsSpan(end), timeout - watch.Elapsed, likely: false, out var closed);
            while (replies + questions > 0 && RespReader.TryMeasure(buffer.AsSpan(start, end - start), out var length))
            {
                var reader = new RespReader(buffer.AsSpan(start, length));
                start += length;
                if (replies == 0)
                {
                    questions--;
                    answers.Add(reader.ReadAny() switch
                    {
                        byte[] text => Encoding.UTF8.GetString(text),
                        RedisError error => '-' + error.Message, // it may be forbidden to ask
                        _ => "",
                    });
                    continue;
                }

                if (reader.Kind is not ((byte)'+' or (byte)'%')) // HELLO is answered with a map
                {
                    throw new RespException(reader.Kind == '-' ? "Redis refused the login: " + reader.ReadLine() : "what answers there is not Redis");
                }

                replies--;
            }

            if (closed)
            {
                throw new RespException("Redis closed the connection at the login");
            }
        }

        return answers;
    }
}
