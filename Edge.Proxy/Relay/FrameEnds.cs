namespace Edge.Proxy.Relay;

/// <summary>Follows a stream of WebSocket frames (RFC 6455, section 5.2), in order to know when none is under way.</summary>
internal struct FrameEnds
{
    private const int MaskBytes = 4;

    private ulong _payloadLeft;
    private ulong _length;
    private int _mask;
    private int _lengthLeft; // bytes of an extended length that are still to come
    private bool _isAmidHead;

    /// <summary>Whether only whole frames have passed.</summary>
    public readonly bool IsBetweenFrames => _payloadLeft == 0 && !_isAmidHead;

    public void Pass(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            if (_payloadLeft > 0)
            {
                var count = (int)Math.Min(_payloadLeft, (ulong)bytes.Length);
                _payloadLeft -= (ulong)count;
                bytes = bytes[count..];
            }
            else if (!_isAmidHead)
            {
                _isAmidHead = true; // after the byte of the opcode
                bytes = bytes[1..];
            }
            else
            {
                PassLength(bytes[0]);
                bytes = bytes[1..];
            }
        }
    }

    private void PassLength(byte one)
    {
        if (_lengthLeft == 0)
        {
            _mask = (one & 0x80) == 0 ? 0 : MaskBytes;
            _lengthLeft = (one & 0x7F) switch { 126 => 2, 127 => 8, _ => 0 };
            _length = _lengthLeft == 0 ? one & 0x7Fu : 0;
        }
        else
        {
            _length = (_length << 8) | one;
            _lengthLeft--;
        }

        if (_lengthLeft == 0)
        {
            _payloadLeft = _length + (ulong)_mask;
            _isAmidHead = false;
        }
    }
}
