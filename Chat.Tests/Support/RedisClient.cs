using System.Net;
using System.Net.Sockets;
using System.Text;
using Chat.Api.Redis.Resp;

namespace Chat.Tests.Support;

/// <summary>A plain, blocking connection to a Redis server, for setting it up and inspecting it.</summary>
internal sealed class RedisClient : IDisposable
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(10);

    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private byte[] _buffer = new byte[64 * 1024];
    private int _end;

    /// <param name="port">The server's port.</param>
    /// <param name="patient">Whether a read may wait forever, as on a subscription.</param>
    public RedisClient(int port, bool patient = false)
    {
        _socket.ReceiveTimeout = patient ? 0 : (int)Timeout.TotalMilliseconds;
        try
        {
            _socket.Connect(IPAddress.Loopback, port);
        }
        catch
        {
            _socket.Dispose();
            throw;
        }
    }

    /// <summary>Whether a server answers PING there, ready to serve.</summary>
    public static bool Answers(int port)
    {
        try
        {
            using var client = new RedisClient(port);
            return client.Execute("PING") is "PONG";
        }
        catch (Exception exception) when (exception is SocketException or IOException or InvalidOperationException)
        {
            return false; // not ready: nobody listens yet, or the server is loading its data
        }
    }

    /// <returns>A string, a long, an array of these, or null.</returns>
    /// <exception cref="InvalidOperationException">The server answered with an error.</exception>
    public object? Execute(params string[] command)
    {
        Send(command);
        return Receive();
    }

    public void Send(params string[] command)
    {
        var buffer = new CommandBuffer().Command(command.Length);
        foreach (var argument in command)
        {
            buffer.Bulk(argument);
        }

        _socket.Send(buffer.Span);
    }

    /// <summary>The next reply, or the next message of a subscription.</summary>
    public object? Receive()
    {
        int length;
        while (!RespReader.TryMeasure(_buffer.AsSpan(0, _end), out length))
        {
            if (_end == _buffer.Length)
            {
                Array.Resize(ref _buffer, _buffer.Length * 2);
            }

            var read = _socket.Receive(_buffer.AsSpan(_end));
            _end += read > 0 ? read : throw new IOException("Redis closed the connection.");
        }

        var value = Text(new RespReader(_buffer.AsSpan(0, length)).ReadAny());
        _buffer.AsSpan(length, _end - length).CopyTo(_buffer);
        _end -= length;
        return value is RedisError error ? throw new InvalidOperationException(error.Message) : value;
    }

    public void Dispose()
    {
        if (_socket.Connected)
        {
            _socket.Shutdown(SocketShutdown.Both); // wakes a thread that waits in Receive
        }

        _socket.Dispose();
    }

    private static object? Text(object? value) => value switch
    {
        byte[] bytes => Encoding.UTF8.GetString(bytes),
        object?[] items => items.Select(Text).ToArray(),
        _ => value,
    };
}
