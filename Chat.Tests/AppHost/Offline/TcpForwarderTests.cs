using System.Net;
using System.Net.Sockets;
using System.Text;
using Aspire.Hosting.Offline;
using Xunit;

namespace Chat.Tests.AppHost.Offline;

public class TcpForwarderTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(5); // only a failing test waits this long

    [Fact]
    public async Task Forwarder_WithTwoTargets_TakesTurns()
    {
        using var one = new Target("one");
        using var two = new Target("two");
        await using var forwarder = TcpForwarder.Listen(null, () => [one.Port, two.Port]);

        var answers = new[] { await AskAsync(forwarder.Port), await AskAsync(forwarder.Port) };

        Assert.Equal(["one", "two"], answers.Order());
    }

    [Fact]
    public async Task Forwarder_WhenATargetRefuses_AsksTheOther()
    {
        using var alive = new Target("alive");
        var dead = Ports.TakeFree();
        await using var forwarder = TcpForwarder.Listen(null, () => [dead, alive.Port]);

        Assert.Equal(["alive", "alive"], [await AskAsync(forwarder.Port), await AskAsync(forwarder.Port)]);
    }

    [Fact]
    public async Task Forwarder_WithoutTargets_ClosesTheConnection()
    {
        await using var forwarder = TcpForwarder.Listen(null, () => []);

        Assert.Equal("", await AskAsync(forwarder.Port));
    }

    [Fact]
    public void Forwarder_WhenThePortIsTaken_Refuses()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();

        Assert.Throws<SocketException>(() => TcpForwarder.Listen(((IPEndPoint)taken.LocalEndpoint).Port, () => []));
    }

    private static async Task<string> AskAsync(int port)
    {
        using var client = new TcpClient();
        try
        {
            await client.ConnectAsync(IPAddress.Loopback, port);
            using var reader = new StreamReader(client.GetStream());
            return await reader.ReadToEndAsync().WaitAsync(Deadline);
        }
        catch (Exception reset) when (reset is IOException or SocketException)
        {
            return ""; // counts as refused as well
        }
    }

    /// <summary>A server that sends its name to each connection.</summary>
    private sealed class Target : IDisposable
    {
        private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
        private readonly Task _serving;

        public Target(string name)
        {
            _listener.Start();
            _serving = ServeAsync(name);
        }

        public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

        public void Dispose()
        {
            _listener.Dispose();
            _serving.GetAwaiter().GetResult();
        }

        private async Task ServeAsync(string name)
        {
            try
            {
                while (true)
                {
                    using var client = await _listener.AcceptTcpClientAsync();
                    await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(name));
                }
            }
            catch (Exception end) when (end is SocketException or ObjectDisposedException or InvalidOperationException)
            {
                // Disposed.
            }
        }
    }
}
