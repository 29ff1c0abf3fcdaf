using System.Text.Json;

namespace Chat.Client.Wire;

/// <summary>Bytes that have arrived and are not yet taken: whole records, and the beginning of the next one.</summary>
internal sealed class RecordBuffer
{
    private const int Largest = 16 * 1024 * 1024; // many times the server's largest answer

    private byte[] _bytes = new byte[16 * 1024];
    private int _filled;

    /// <summary>The space to read into; never empty.</summary>
    /// <exception cref="JsonException">A record is larger than any that a server sends.</exception>
    public Memory<byte> Room()
    {
        if (_filled == _bytes.Length)
        {
            Array.Resize(ref _bytes, _filled < Largest ? _filled * 2 : throw new JsonException("a record of more than 16 MiB"));
        }

        return _bytes.AsMemory(_filled);
    }

    /// <summary>Reports that <paramref name="count"/> bytes have been read into <see cref="Room"/>.</summary>
    public void Filled(int count) => _filled += count;

    /// <summary>Takes whole records out.</summary>
    /// <exception cref="JsonException">The bytes are not a record.</exception>
    public void Take(Action<HubRecord> take, int most = int.MaxValue)
    {
        var start = 0;
        for (var i = 0; i < most && Array.IndexOf(_bytes, HubCodec.Separator, start, _filled - start) is var end and >= 0; i++)
        {
            take(HubCodec.Decode(_bytes.AsSpan(start, end - start)));
            start = end + 1;
        }

        Buffer.BlockCopy(_bytes, start, _bytes, 0, _filled - start);
        _filled -= start;
    }
}
