using System.Buffers;
using System.IO.Pipelines;

namespace Chat.Sockets.Server;

/// <summary>The pipes that the server reads from and writes to, and their other ends.</summary>
internal sealed class ClientPipes : IDuplexPipe
{
    private readonly Settings _settings;
    private readonly Pipe _in;
    private readonly Pipe _out;
    private LazyReader? _lazy;

    public ClientPipes(Settings settings)
    {
        _settings = settings;
        _in = new Pipe(settings.In);
        _out = new Pipe(settings.Out);
        Input = _in.Reader;
    }

    /// <summary>Makes the server read through a <see cref="LazyReader"/>.</summary>
    /// <param name="begin">Called at the server's first read.</param>
    /// <param name="isHandshake">Whether the server now reads for a TLS handshake.</param>
    /// <param name="isOver">Whether the client has ended sending.</param>
    public void OnFirstRead(Action begin, Func<bool> isHandshake, Func<bool> isOver) =>
        Input = _lazy = new LazyReader(_in.Reader, begin, isHandshake, isOver, _settings.Handshakes, _settings.Time);

    /// <summary>How long the client has waited for us in its handshake.</summary>
    public TimeSpan Waited => _lazy?.Waited ?? TimeSpan.Zero;

    public MemoryPool<byte> Pool => _settings.Pool;

    public PoolTurns Laborious => _settings.Laborious;

    /// <summary>Set before the server receives the connection.</summary>
    public PipeReader Input { get; private set; }

    public PipeWriter Output => _out.Writer;

    public PipeWriter Received => _in.Writer;

    public PipeReader ToSend => _out.Reader;

    /// <summary>Takes the bytes that the server has not consumed. Returns false if the connection was reset or aborted.</summary>
    public bool TryTakeReceived(out byte[] taken)
    {
        taken = [];
        try
        {
            while (_in.Reader.TryRead(out var result))
            {
                if (!result.Buffer.IsEmpty)
                {
                    taken = [.. taken, .. result.Buffer.ToArray()];
                }

                _in.Reader.AdvanceTo(result.Buffer.End);
                if (result.IsCompleted || result.Buffer.IsEmpty)
                {
                    break;
                }
            }

            return true;
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException or InvalidOperationException)
        {
            return false;
        }
    }

    /// <summary>Settings that all connections share.</summary>
    public sealed class Settings(MemoryPool<byte> pool, TimeProvider time)
    {
        // More than the longest head. A client that sends more than this before it is answered has to wait.
        private const int ReceivedAhead = 64 * 1024;

        public MemoryPool<byte> Pool { get; } = pool;

        public TimeProvider Time { get; } = time;

        public PoolTurns Handshakes { get; } = new();

        // Apart from handshakes, which would wait behind them.
        public PoolTurns Laborious { get; } = new();

        public PipeOptions In { get; } = new(pool, PipeScheduler.Inline, PipeScheduler.Inline, ReceivedAhead, ReceivedAhead / 2, useSynchronizationContext: false);

        // Practically nothing may wait here: the upgrade has to return only once its 101 is on the wire, since whoever takes the socket then writes to it.
        public PipeOptions Out { get; } = new(pool, PipeScheduler.Inline, PipeScheduler.Inline, pauseWriterThreshold: 2, resumeWriterThreshold: 1, useSynchronizationContext: false);
    }
}
