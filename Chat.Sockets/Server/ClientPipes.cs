using System.Buffers;
using System.IO.Pipelines;

namespace Chat.Sockets.Server;

/// <summary>What the server reads from and writes to, and its other ends.</summary>
internal sealed class ClientPipes : IDuplexPipe
{
    private readonly Pipe _in;
    private readonly Pipe _out;

    public ClientPipes(Settings settings)
    {
        Pool = settings.Pool;
        _in = new Pipe(settings.In);
        _out = new Pipe(settings.Out);
        Input = _in.Reader;
    }

    /// <summary>Calls this when the server reads for the first time.</summary>
    public void OnFirstRead(Action begin) => Input = new LazyReader(_in.Reader, begin);

    public MemoryPool<byte> Pool { get; }

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
    public sealed class Settings(MemoryPool<byte> pool)
    {
        // More than the longest head. A client that sends on before it is answered waits at this.
        private const int ReceivedAhead = 64 * 1024;

        public MemoryPool<byte> Pool { get; } = pool;

        public PipeOptions In { get; } = new(pool, PipeScheduler.Inline, PipeScheduler.Inline, ReceivedAhead, ReceivedAhead / 2, useSynchronizationContext: false);

        // Practically nothing waits here: the upgrade returns when its 101 is on the wire, after which whoever takes the socket writes to it.
        public PipeOptions Out { get; } = new(pool, PipeScheduler.Inline, PipeScheduler.Inline, pauseWriterThreshold: 2, resumeWriterThreshold: 1, useSynchronizationContext: false);
    }
}
