namespace Chat.Api.Redis.Resp;

/// <summary>Bytes that wait to be sent, in one growing array. Not thread-safe.</summary>
internal sealed class SendBuffer
{
    private const int Kept = 1024 * 1024;

    private byte[] _bytes = new byte[16 * 1024];
    private int _start;
    private int _end;

    public int Length => _end - _start;

    public ReadOnlySpan<byte> Span => _bytes.AsSpan(_start, Length);

    public void Append(ReadOnlySpan<byte> bytes)
    {
        if (_bytes.Length - _end < bytes.Length)
        {
            var target = Length + bytes.Length <= _bytes.Length ? _bytes : new byte[Math.Max(_bytes.Length * 2, Length + bytes.Length)];
            Span.CopyTo(target);
            (_bytes, _start, _end) = (target, 0, Length);
        }

        bytes.CopyTo(_bytes.AsSpan(_end));
        _end += bytes.Length;
    }

    /// <summary>Overwrites bytes at a distance from the end.</summary>
    public void Overwrite(int beforeEnd, ReadOnlySpan<byte> bytes) => bytes.CopyTo(_bytes.AsSpan(_end - beforeEnd));

    /// <summary>Removes bytes that have been sent from the front.</summary>
    public void Advance(int count)
    {
        _start += count;
        if (_start == _end)
        {
            Clear();
        }
    }

    public void Clear()
    {
        _start = _end = 0;
        if (_bytes.Length > Kept)
        {
            _bytes = new byte[16 * 1024]; // an outage's backlog must not stay forever
        }
    }
}
