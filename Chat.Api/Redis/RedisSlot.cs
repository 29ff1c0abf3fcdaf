namespace Chat.Api.Redis;

/// <summary>The Redis Cluster slot of a hash tag: CRC-16/XMODEM modulo 16384 (Redis Cluster specification, key distribution model).</summary>
internal static class RedisSlot
{
    public const int Count = 16384;

    public static int Of(ReadOnlySpan<byte> hashTag)
    {
        uint crc = 0;
        foreach (var octet in hashTag)
        {
            crc ^= (uint)octet << 8;
            for (var bit = 0; bit < 8; bit++)
            {
                crc = (crc & 0x8000) != 0 ? ((crc << 1) ^ 0x1021) & 0xFFFF : (crc << 1) & 0xFFFF;
            }
        }

        return (int)(crc % Count);
    }
}
