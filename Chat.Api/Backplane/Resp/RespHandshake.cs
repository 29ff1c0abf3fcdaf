using System.Diagnostics;

namespace Chat.Api.Backplane.Resp;

/// <summary>Logs in on a fresh connection: AUTH and SELECT where configured, and a PING that proves that somebody answers.</summary>
internal static class RespHandshake
{
    /// <exception cref="RespException">Redis refused, or did not answer in time.</exception>
    public static void Perform(RespSocket socket, RedisEndpoint endpoint, TimeSpan timeout)
    {
        var commands = new CommandBuffer();
        var replies = 1;
        if (endpoint.Password is not null)
        {
            replies++;
            if (endpoint.User is null)
            {
                commands.Command(2).Bulk("AUTH"u8).Bulk(endpoint.Password);
            }
            else
            {
                commands.Command(3).Bulk("AUTH"u8).Bulk(endpoint.User).Bulk(endpoint.Password);
            }
        }

        if (endpoint.Database != 0)
        {
            replies++;
            commands.Command(2).Bulk("SELECT"u8).Bulk(endpoint.Database);
        }

        commands.Command(1).Bulk("PING"u8);
        socket.Send(commands.Span, out _);
        Await(socket, replies, timeout);
        socket.EndHandshake();
    }

    private static void Await(RespSocket socket, int replies, TimeSpan timeout)
    {
        var buffer = new byte[4096];
        var (start, end) = (0, 0);
        var watch = Stopwatch.StartNew();
        while (replies > 0)
        {
            if (watch.Elapsed > timeout || end == buffer.Length)
            {
                throw new RespException("no answer in time");
            }

            end += socket.Receive(buffer.AsSpan(end), timeout - watch.Elapsed, likely: false, out var closed);
            while (replies > 0 && RespReader.TryMeasure(buffer.AsSpan(start, end - start), out var length))
            {
                var reader = new RespReader(buffer.AsSpan(start, length));
                if (reader.Kind != '+')
                {
                    throw new RespException(reader.Kind == '-' ? "Redis refused the login: " + reader.ReadLine() : "what answers there is not Redis");
                }

                start += length;
                replies--;
            }

            if (closed)
            {
                throw new RespException("Redis closed the connection at the login");
            }
        }
    }
}
