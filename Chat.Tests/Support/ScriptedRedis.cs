using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Threading.Channels;
using Chat.Api.Redis.Resp;

namespace Chat.Tests.Support;

/// <summary>Stands in for one server of a Redis Cluster. A test gives its answers one by one, so that each comes at the moment that matters. Commands
/// that a link sends by itself are answered at once.</summary>
internal sealed class ScriptedRedis : IAsyncDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(15); // only a failing test waits this long

    private readonly Queue<Question> _owed = new(); // guarded by itself
    private readonly Channel<Question> _questions = Channel.CreateUnbounded<Question>();
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly Task _serving;

    public ScriptedRedis()
    {
        _listener.Start();
        _serving = ServeAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>The answer to CLUSTER SLOTS: the owner of each range of slots.</summary>
    public IReadOnlyList<(int First, int Last, ScriptedRedis Owner)> Slots { get; set; } = [];

    /// <summary>Lets links connect.</summary>
    public void Open() => _opened.TrySetResult();

    /// <summary>The next command that the test has to answer.</summary>
    public async Task<Question> NextAsync() => await _questions.Reader.ReadAsync(_stop.Token).AsTask().WaitAsync(Deadline);

    /// <summary>Stops the server and breaks the link to it.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_stop.IsCancellationRequested)
        {
            return; // already stopped by the test
        }

        await _stop.CancelAsync();
        _listener.Stop();
        await _serving;
        _stop.Dispose();
    }

    private async Task ServeAsync()
    {
        try
        {
            await _opened.Task.WaitAsync(_stop.Token);
            using var socket = await _listener.AcceptSocketAsync(_stop.Token);
            var (buffer, end) = (new byte[64 * 1024], 0);
            while (await socket.ReceiveAsync(buffer.AsMemory(end), _stop.Token) is > 0 and var read)
            {
                end += read;
                var start = 0;
                while (RespReader.TryMeasure(buffer.AsSpan(start, end - start), out var length))
                {
                    Heard(socket, [.. ((object?[])new RespReader(buffer.AsSpan(start, length)).ReadAny()!).Select(static part => Encoding.UTF8.GetString((byte[])part!))]);
                    start += length;
                }

                buffer.AsSpan(start, end - start).CopyTo(buffer);
                end -= start;
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or SocketException or InvalidOperationException)
        {
            // The test is over.
        }
    }

    private void Heard(Socket socket, string[] command)
    {
        var question = new Question(this, socket, command);
        lock (_owed)
        {
            _owed.Enqueue(question);
        }

        switch (command)
        {
            case ["PING"]:
                question.Answer("+PONG");
                break;
            case ["INFO", var section]:
                var info = section == "server" ? $"run_id:{Port:d40}\r\n" : $"role:master\r\nmaster_replid:{Port:d40}\r\n";
                question.Answer($"${info.Length}\r\n{info}");
                break;
            case ["CLUSTER", "SLOTS"]:
                question.Answer(string.Concat(
                    Slots.Select(static range => $"\r\n*3\r\n:{range.First}\r\n:{range.Last}\r\n*2\r\n$9\r\n127.0.0.1\r\n:{range.Owner.Port}").Prepend(string.Create(CultureInfo.InvariantCulture, $"*{Slots.Count}"))));
                break;
            case ["SCRIPT", "LOAD", ..] or ["ASKING"]:
                question.Answer("+OK");
                break;
            default:
                _questions.Writer.TryWrite(question);
                break;
        }
    }

    // A server answers in the order of the commands, whenever the test gives its answers.
    private void Flush(Socket socket)
    {
        lock (_owed)
        {
            while (_owed.TryPeek(out var oldest) && oldest.Reply is { } reply)
            {
                _owed.Dequeue();
                socket.Send(Encoding.UTF8.GetBytes(reply + "\r\n"));
            }
        }
    }

    internal sealed class Question(ScriptedRedis server, Socket socket, string[] command)
    {
        public string Text => string.Join(' ', command);

        public string? Reply { get; private set; }

        public void Answer(string reply)
        {
            Reply = reply;
            server.Flush(socket);
        }

        public void Moved(int slot, ScriptedRedis to) => Answer($"-MOVED {slot} 127.0.0.1:{to.Port}");

        public void Ask(int slot, ScriptedRedis to) => Answer($"-ASK {slot} 127.0.0.1:{to.Port}");
    }
}
