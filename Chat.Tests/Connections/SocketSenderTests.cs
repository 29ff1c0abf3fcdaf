using System.Net.Sockets;
using Chat.Api.Connections;
using Xunit;

namespace Chat.Tests.Connections;

public sealed class SocketSenderTests
{
    /// <summary>Seen under load: when clients connected and left at once, the upgrade failed with an error and a stack trace in the log.</summary>
    [Fact]
    public void SocketSender_OfAClientThatWentAtOnce_FindsOutWhenItSends()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Dispose();

        var sender = new SocketSender(socket, () => { });

        Assert.False(sender.TrySend([1], out _));
    }
}
