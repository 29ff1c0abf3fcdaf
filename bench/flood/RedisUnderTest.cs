using System.Globalization;
using System.Net.Sockets;
using Chat.Tests.Support;

namespace Flood;

/// <summary>A redis-server with persistence for this program alone. Acknowledged writes are in its append-only file when it dies.</summary>
internal sealed class RedisUnderTest : IAsyncDisposable
{
    private static readonly TimeSpan StartTime = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(20);

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("chat-checker-");
    private readonly int _port = TestPort.FindFree();
    private ChildProcess? _process;

    private RedisUnderTest()
    {
    }

    public string ConnectionString => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{_port}");

    public static async Task<RedisUnderTest> StartAsync()
    {
        var redis = new RedisUnderTest();
        await redis.RestartAsync();
        return redis;
    }

    /// <summary>Returns when the server answers.</summary>
    public async Task RestartAsync()
    {
        string[] arguments =
        [
            "--port", _port.ToString(CultureInfo.InvariantCulture), "--bind", "127.0.0.1", "--dir", _directory.FullName,
            // Writes reach the file before they are acknowledged, so they are safe from a SIGKILL. An fsync now and then would only help against
            // power failures, and Redis delays writes while the disk is busy with one.
            "--save", "", "--appendonly", "yes", "--appendfsync", "no",
        ];
        _process = await ChildProcess.StartAsync("redis-server", arguments, new Dictionary<string, string>());
        using var deadline = new CancellationTokenSource(StartTime);
        using var ticks = new PeriodicTimer(Poll);
        while (!await AnswersAsync())
        {
            if (_process.HasExited || deadline.IsCancellationRequested)
            {
                throw new InvalidOperationException($"redis-server did not start (is it installed?):\n{_process.Output}");
            }

            await ticks.WaitForNextTickAsync(CancellationToken.None);
        }
    }

    public async Task KillAsync()
    {
        await _process!.KillAsync();
        await _process.DisposeAsync();
        _process = null;
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
        {
            await _process.DisposeAsync();
        }

        _directory.Delete(recursive: true);
    }

    private async Task<bool> AnswersAsync()
    {
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync("127.0.0.1", _port);
            await client.GetStream().WriteAsync("PING\r\n"u8.ToArray());
            var answer = new byte[5];
            await client.GetStream().ReadExactlyAsync(answer);
            return answer.AsSpan().SequenceEqual("+PONG"u8);
        }
        catch (Exception exception) when (exception is SocketException or IOException)
        {
            return false; // not listening yet
        }
    }
}
