using System.Net.Sockets;
using Chat.Sockets.Clients;

namespace Edge.Proxy.Capacity;

/// <summary>Why a node was not reached although nothing is wrong with it.</summary>
internal enum OwnFault
{
    None,

    /// <summary>EMFILE, ENFILE: this process or its machine may not open another socket, whichever node it is for.</summary>
    OpenFiles,

    /// <summary>EADDRNOTAVAIL: every local port is in use towards this node's address. Another node's may still be reached.</summary>
    LocalPorts,
}

internal static class OwnFaults
{
    public static OwnFault Of(Exception? failure)
    {
        for (var exception = failure; exception is not null; exception = exception.InnerException)
        {
            switch (exception)
            {
                case SocketException { SocketErrorCode: SocketError.TooManyOpenSockets }:
                    return OwnFault.OpenFiles;
                case SocketException { SocketErrorCode: SocketError.AddressNotAvailable }:
                    return OwnFault.LocalPorts;
                // The resolver reads names from files, and does not say so if it could not open them.
                case HttpRequestException { HttpRequestError: HttpRequestError.NameResolutionError } when OpenFiles.AreUsedUp():
                    return OwnFault.OpenFiles;
            }
        }

        return OwnFault.None;
    }
}
