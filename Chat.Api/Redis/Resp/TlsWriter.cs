namespace Chat.Api.Redis.Resp;

/// <summary>Writes to a stream on a thread of its own. An SslStream cannot stop half way through a record, so a write
/// waits for a server that does not read, and only this thread should wait with it.</summary>
internal sealed class TlsWriter
{
    private readonly Stream _stream;
    private readonly Action _failed;
    private readonly object _gate = new(); // guards everything below
    private SendBuffer _waiting = new();
    private SendBuffer _underWay = new(); // the thread's own while it writes
    private int _bytesUnderWay;
    private bool _ended;

    /// <param name="stream">The stream to which it writes.</param>
    /// <param name="failed">Called on the writing thread when the stream can no longer be written to.</param>
    public TlsWriter(Stream stream, Action failed)
    {
        _stream = stream;
        _failed = failed;
        new Thread(Run) { IsBackground = true, Name = "redis tls" }.Start();
    }

    /// <summary>The number of bytes accepted and not yet written.</summary>
    public int Unwritten
    {
        get
        {
            lock (_gate)
            {
                return _waiting.Length + _bytesUnderWay;
            }
        }
    }

    /// <summary>Accepts the bytes. Never waits for the stream.</summary>
    public void Write(ReadOnlySpan<byte> bytes)
    {
        lock (_gate)
        {
            _waiting.Append(bytes);
            Monitor.Pulse(_gate);
        }
    }

    /// <summary>Stops writing. A write under way ends when the connection does.</summary>
    public void End()
    {
        lock (_gate)
        {
            _ended = true;
            Monitor.Pulse(_gate);
        }
    }

    private void Run()
    {
        try
        {
            while (TryTake())
            {
                _stream.Write(_underWay.Span);
                _stream.Flush();
            }
        }
        catch (Exception)
        {
            // Catch everything: the connection can no longer be used. The reading thread sees its end, says why and connects anew.
            _failed();
        }
    }

    private bool TryTake()
    {
        lock (_gate)
        {
            _underWay.Clear();
            _bytesUnderWay = 0;
            while (!_ended && _waiting.Length == 0)
            {
                Monitor.Wait(_gate);
            }

            (_waiting, _underWay) = (_underWay, _waiting);
            _bytesUnderWay = _underWay.Length;
            return !_ended;
        }
    }
}
