using System.Buffers.Binary;
using System.Net;

namespace Chat.Sockets.Loops;

/// <summary>Reads addresses in the system's format.</summary>
internal static class SocketAddresses
{
    public const int MaxLength = 28;

    /// <summary>Returns an IPv4 or IPv6 address; null for any other family.</summary>
    public static IPEndPoint? Read(ReadOnlySpan<byte> address)
    {
        var port = BinaryPrimitives.ReadUInt16BigEndian(address[2..]);
        return BitConverter.ToUInt16(address) switch
        {
            Libc.Inet => new IPEndPoint(new IPAddress(address.Slice(4, 4)), port),
            Libc.Inet6 => new IPEndPoint(new IPAddress(address.Slice(8, 16), BitConverter.ToUInt32(address[24..])), port),
            _ => null,
        };
    }

    public static IPEndPoint? LocalOf(int socket)
    {
        Span<byte> address = stackalloc byte[MaxLength];
        var length = MaxLength;
        return Libc.GetLocalAddress(socket, ref address[0], ref length) == 0 ? Read(address) : null;
    }
}
