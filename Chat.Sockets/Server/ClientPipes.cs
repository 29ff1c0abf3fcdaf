using System.Buffers;
using System.IO.Pipelines;

namespace Chat.Sockets.Server;

/// <summary>What the server reads from and writes to, and its other ends.</summary>
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

    /// <summary>Sees to it that the server reads as <see cref="LazyReader"/> says.</summary>
    /// <param name="begin">Called when it reads for the first time.</param>
    /// <param name="isHandshake">Whether it now reads for a TLS handshake.</param>
    /// <param name="isOver">Whether the client sends no more.</param>
    public void OnFirstRead(Action begin, Func<bool> isHandshake, Func<bool> isOver) =>
        Input = _lazy = new LazyReader(_in.Reader, begin, isHandshake, isOver, _settings.Handshakes, _settings.Time);

    /// <summary>For how long the client has waited for us in its handshake.</summary>
    public TimeSpan Waited => _lazy?.Waited ?? TimeSpan.Zero;

    public MemoryPool<byte> Pool => _settings.Pool;

    /// <summary>Set before the server gets hold of the connection.</summary>
    public PipeReader Input { get; private set; }

    public PipeWriter Output => _out.Writer;

    public PipeWriter Received => _in.Writer;

    public PipeReader ToSend => _out.Reader;

    /// <summary>What the server has not consumed. False: the connection was reset or aborted.</summary>
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

    /// <summary>The same for all connections.</summary>
    public sealed class Settings(MemoryPool<byte> pool, TimeProvider time)
    {
        // More than the longest head. A client that sends on before it is answered waits at this.
        private const int ReceivedAhead = 64 * 1024;

        public MemoryPool<byte> Pool { get; } = pool;

        public TimeProvider Time { get; } = time;

        public HandshakeTurns Handshakes { get; } = new();

        public PipeOptions In { get; } = new(pool, PipeScheduler.Inline, PipeScheduler.Inline, ReceivedAhead, ReceivedAhead / 2, useSynchronizationContext: false);

        // Practically nothing waits here: the upgrade returns when its 101 is on the wire, after which whoever takes the socket writes to it.
        public PipeOptions Out { get; } = new(pool, PipeScheduler.Inline, PipeScheduler.Inline, pauseWriterThreshold: 2, resumeWriterThreshold: 1, useSynchronizationContext: false);
    }
}
