using System.Diagnostics;
using System.Text;
using Chat.Api.WebSockets;
using Chat.Tests.Support;
using Microsoft.AspNetCore.SignalR;
using Xunit;
using Xunit.Abstractions;

namespace Chat.Tests.Hubs;

/// <summary>The limits of hub clients are those of every kind of connection.</summary>
public sealed class LimitTests(ClusterFixture cluster, ITestOutputHelper output) : ClusterTest(cluster, output)
{
    private const int AtOnce = 90; // even if all of them are refused, that is no reason yet to close the connection

    private readonly string _anna = $"anna-{Guid.NewGuid():N}"[..16];

    [Theory]
    [InlineData(HubTransport.WebSockets)]
    [InlineData(HubTransport.LongPolling)]
    public async Task Client_CallingTooOften_IsToldSo_AndClosedWhenItGoesOn(HubTransport transport)
    {
        await using var anna = await ConnectAsync(transport);

        // A burst of 100 is allowed, and then 50 a second. How many more that makes depends on how long the calls take.
        var watch = Stopwatch.StartNew();
        List<string> refused = [];
        var taken = 0;
        while (refused.Count == 0)
        {
            var answers = await Task.WhenAll(Enumerable.Range(0, AtOnce).Select(i => PostAsync(anna, $"{i}")));
            refused.AddRange(answers.Where(answer => answer.Length > 0));
            taken += AtOnce - refused.Count;
            Assert.InRange(taken, 0, 101 + (50 * watch.Elapsed.TotalSeconds));
        }

        Assert.True(taken >= 99, $"Only {taken} calls were carried out.");
        Assert.All(refused, answer => Assert.Contains("too_many_messages: ", answer, StringComparison.Ordinal));

        for (var i = 0; i < 100 && !anna.Ended.IsCompleted; i++)
        {
            await Task.WhenAll(Enumerable.Range(0, AtOnce).Select(_ => TryTypeAsync(anna)));
        }

        // The client may report the close message or the code of the close frame, which is 1008.
        Assert.Matches("too many messages|PolicyViolation", await anna.ClosedAsync());
    }

    /// <summary>Clients gather calls into one WebSocket message, which may be larger than one call may be. Once that ended the connection.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(12_000)]
    public async Task CallsInOneWebSocketMessage_AreLimitedOneByOne(int pieces)
    {
        var node = new Uri((await Cluster.NodesAsync())[0].Address);
        var token = await HubToken.FetchAsync(node, _anna);
        await using var listening = await ConnectAsync(HubTransport.WebSockets);
        await listening.JoinAsync(_anna);
        await using var socket = await RawWebSocket.ConnectAsync(node, $"{HubClient.Path}?access_token={token}");
        await socket.SendTextAsync("""{"protocol":"json","version":1}""" + "\u001e");

        var text = new string('x', 5_000);
        var calls = string.Concat(Enumerable.Range(0, 40).Select(i =>
            $$"""{"type":1,"target":"post","arguments":[{"group":"{{_anna}}","message":"{{i}} {{text}}"}]}""" + "\u001e"));
        var frame = RawWebSocket.Frame(WebSocketOpcode.Text, Encoding.UTF8.GetBytes(calls)); // 200 KB
        for (var sent = 0; sent < frame.Length; sent += Math.Max(pieces, 1))
        {
            await socket.SendBytesAsync(pieces == 0 ? frame : frame.AsMemory(sent, Math.Min(pieces, frame.Length - sent)));
            if (pieces == 0)
            {
                break;
            }
        }

        for (var i = 0; i < 40; i++)
        {
            Assert.Equal($"{i} {text}", (await listening.NextAsync("message")).Message);
        }
    }

    /// <summary>Clients write a backspace in two bytes, but inside Chat it takes six.</summary>
    [Fact]
    public async Task Message_TooBigOnceEscaped_IsRefused_AndTheConnectionStays()
    {
        await using var anna = await ConnectAsync(HubTransport.WebSockets);

        var refused = await Assert.ThrowsAsync<HubException>(() => anna.PostAsync(_anna, new string('\b', 6_000)));

        Assert.Contains("too_big: ", refused.Message, StringComparison.Ordinal);
        await anna.PostAsync(_anna, new string('\b', 5_000));
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
                return false; // the closing connection is still counted
            }
        });
        await Task.WhenAll(connections.Select(connection => connection.DisposeAsync().AsTask()));
    }

    /// <summary>Returns why the message was refused, or an empty text.</summary>
    private async Task<string> PostAsync(HubDotNetClient client, string text)
    {
        try
        {
            await client.PostAsync(_anna, text);
            return "";
        }
        catch (HubException exception)
        {
            return exception.Message;
        }
    }

    private async Task TryTypeAsync(HubDotNetClient client)
    {
        try
        {
            await client.CallAsync("typing", new { group = _anna });
        }
        catch (InvalidOperationException)
        {
            // The connection was closed, as expected in the end.
        }
    }

    private Task<HubDotNetClient> ConnectAsync(HubTransport transport) => HubDotNetClient.ConnectAsync(Cluster.Edge, _anna, transport);
}
