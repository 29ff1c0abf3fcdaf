using Chat.Tests.Support;
using Microsoft.AspNetCore.SignalR;
using Xunit;
using Xunit.Abstractions;

namespace Chat.Tests.Hubs;

/// <summary>Limits of hub clients are those of every kind of connection.</summary>
public sealed class LimitTests(ClusterFixture cluster, ITestOutputHelper output) : ClusterTest(cluster, output)
{
    private readonly string _anna = $"anna-{Guid.NewGuid():N}"[..16];

    [Theory]
    [InlineData(HubTransport.WebSockets)]
    [InlineData(HubTransport.LongPolling)]
    public async Task Client_CallingTooOften_IsToldSo_AndClosedWhenItGoesOn(HubTransport transport)
    {
        await using var anna = await ConnectAsync(transport);

        // A burst of 100 is allowed, then 50 a second.
        var calls = await Task.WhenAll(Enumerable.Range(0, 180).Select(async i =>
        {
            try
            {
                await anna.PostAsync(_anna, $"{i}");
                return "";
            }
            catch (HubException exception)
            {
                return exception.Message;
            }
        }));

        Assert.InRange(calls.Count(refused => refused.Length == 0), 99, 179);
        Assert.All(calls.Where(refused => refused.Length > 0), refused => Assert.Contains("too_many_messages: ", refused, StringComparison.Ordinal));

        for (var i = 0; i < 1000 && !anna.Ended.IsCompleted; i++)
        {
            try
            {
                await anna.CallAsync("typing", new { group = _anna });
            }
            catch (InvalidOperationException)
            {
                break; // closed
            }
        }

        Assert.Contains("too many messages", await anna.ClosedAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task User_WithTooManyConnections_IsRefused_UntilOneGoes()
    {
        var connections = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => ConnectAsync(i % 2 == 0 ? HubTransport.WebSockets : HubTransport.LongPolling)));

        Assert.Equal(429, (await Assert.ThrowsAsync<RefusedException>(() => ConnectAsync(HubTransport.WebSockets))).Status);
        var refused = await Assert.ThrowsAsync<HubException>(() => ConnectAsync(HubTransport.LongPolling));
        Assert.Contains("connections", refused.Message, StringComparison.Ordinal);
        await connections[0].DisposeAsync();
        await Eventually.TrueAsync(async () =>
        {
            try
            {
                await using var next = await ConnectAsync(HubTransport.WebSockets);
                return true;
            }
            catch (RefusedException)
            {
                return false; // the one that goes is still counted
            }
        });
        await Task.WhenAll(connections.Select(connection => connection.DisposeAsync().AsTask()));
    }

    private Task<HubDotNetClient> ConnectAsync(HubTransport transport) => HubDotNetClient.ConnectAsync(Cluster.Edge, _anna, transport);
}
