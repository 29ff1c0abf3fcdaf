namespace Chat.Sockets.Server;

/// <summary>Counts the TLS records that a client sends, to notice a client that makes its server work much for few bytes.</summary>
/// <remarks>A record of a few bytes takes as long to decipher as one of a thousand, and one that asks for new keys (KeyUpdate of TLS 1.3) 15 us. There
/// may be 150 of those in 4 KiB, as much as a loop receives at a time. Measured with 50 such clients at an edge on two processors: others waited a
/// quarter of a second.</remarks>
internal struct TlsRecords
{
    private const byte Handshake = 22; // the type of a connection's first record
    private const int HeadBytes = 5;

    // Few enough that a client cannot pass beneath it with records that it pads: so many that ask for new keys take a loop a quarter of a millisecond.
    private const int Most = 16;

    private bool? _isTls;
    private int _head; // how many bytes of a record's head have come
    private int _length;
    private int _left; // bytes of the record that are still to come

    /// <summary>Whether the client has sent many small records at once before. It costs an honest client a change of threads, so it stays so.</summary>
    public bool AreMany { get; private set; }

    /// <param name="received">What has arrived.</param>
    public void Pass(ReadOnlySpan<byte> received)
    {
        _isTls ??= received[0] == Handshake;
        if (_isTls.Value && !AreMany)
        {
            AreMany = Count(received) > Most;
        }
    }

    private int Count(ReadOnlySpan<byte> received)
    {
        var count = 0;
        while (!received.IsEmpty)
        {
            if (_left > 0)
            {
                var passed = Math.Min(_left, received.Length);
                _left -= passed;
                received = received[passed..];
                continue;
            }

            _length = (_length << 8) | received[0]; // the last two bytes of a head
            received = received[1..];
            if (++_head == HeadBytes)
            {
                _left = _length & 0xFFFF;
                _head = 0;
                count++;
            }
        }

        return count;
    }
}
