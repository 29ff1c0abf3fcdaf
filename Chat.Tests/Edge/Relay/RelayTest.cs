using Chat.Tests.Support;
using Xunit;

namespace Chat.Tests.Edge.Relay;

/// <summary>An edge before one node, with both ends controlled by the test.</summary>
public abstract class RelayTest : IAsyncLifetime
{
    internal TcpNode Node { get; } = new();

    internal ShiftedTime Time { get; } = new();

    internal EdgeHost Edge { get; private set; } = null!;

    /// <summary>Whether clients use TLS.</summary>
    protected virtual bool IsTls => false;

    public async Task InitializeAsync()
    {
        using var authority = IsTls ? new TestAuthority() : null;
        Edge = await EdgeHost.StartAsync(Time, authority?.Issue("localhost"));
        Edge.Set(Node.Node);
    }

    public async Task DisposeAsync()
    {
        await Edge.DisposeAsync();
        await Node.DisposeAsync();
    }

    internal Task<TcpPeer> ConnectAsync(int? receiveBuffer = null) => TcpPeer.ConnectAsync(Edge.Address, receiveBuffer, IsTls);

    /// <summary>Connects a client to the node. Returns both ends after the upgrade.</summary>
    internal async Task<(TcpPeer Client, TcpPeer Node)> UpgradeAsync(int? receiveBuffer = null)
    {
        var client = await ConnectAsync(receiveBuffer);
        await client.SendAsync(TcpPeer.Request);
        var (node, _) = await Node.AskedAsync();
        await node.SendAsync(TcpPeer.Accepted);
        Assert.StartsWith("HTTP/1.1 101 ", await client.ReadHeadAsync(), StringComparison.Ordinal);
        return (client, node);
    }

    /// <summary>The system's clock plus a jump forward.</summary>
    internal sealed class ShiftedTime : TimeProvider
    {
        private long _shift;

        public void Leap(TimeSpan by) => Interlocked.Add(ref _shift, (long)(by.TotalSeconds * TimestampFrequency));

        public override long GetTimestamp() => base.GetTimestamp() + Interlocked.Read(ref _shift);
    }
}
