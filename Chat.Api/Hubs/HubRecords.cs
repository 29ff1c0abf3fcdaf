namespace Chat.Api.Hubs;

/// <summary>Counts the records in a client's input, which arrives in pieces of any size.</summary>
internal struct HubRecords
{
    private readonly bool _isPrefixed;
    private bool _isBehindHandshake;
    private long _rest; // bytes to come of the current record
    private long _length; // the part of the length that has come
    private int _lengthBits; // the number of its bits; 0: a record begins

    private HubRecords(bool isPrefixed) => _isPrefixed = isPrefixed;

    /// <summary>Records that end with the separator.</summary>
    public static HubRecords Separated() => new(isPrefixed: false);

    /// <summary>Records that are preceded by their length, after a handshake that ends with the separator.</summary>
    public static HubRecords Prefixed() => new(isPrefixed: true);

    /// <summary>Returns how many records begin, or end, in this piece.</summary>
    public int In(ReadOnlySpan<byte> piece)
    {
        if (!_isPrefixed)
        {
            return piece.Count(HubJsonFormat.RecordSeparator);
        }

        var records = 0;
        if (!_isBehindHandshake)
        {
            var end = piece.IndexOf(HubJsonFormat.RecordSeparator);
            if (end < 0)
            {
                return 0;
            }

            (_isBehindHandshake, records) = (true, 1);
            piece = piece[(end + 1)..];
        }

        while (!piece.IsEmpty)
        {
            if (_rest > 0)
            {
                var taken = (int)Math.Min(_rest, piece.Length);
                _rest -= taken;
                piece = piece[taken..];
                continue;
            }

            records += _lengthBits == 0 ? 1 : 0;
            TakeLength(piece[0]);
            piece = piece[1..];
        }

        return records;
    }

    private void TakeLength(byte octet)
    {
        _length |= (long)(octet & 0x7f) << _lengthBits;
        _lengthBits += 7;
        if ((octet & 0x80) == 0 || _lengthBits >= 35) // SignalR refuses a longer length
        {
            (_rest, _length, _lengthBits) = (_length, 0, 0);
        }
    }
}
