using System.Net.WebSockets;
using System.Text.Json;
using AppHost;
using Chat.Tests.ClientLibrary;
using Chat.Tests.Support;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace Chat.Tests.AppHost;

public sealed class SmallLoadTests
{
    private int _connections;
    private int _open;

    // Once the clients that were connected by then were kept, and went on coming back, for as long as the AppHost ran.
    [Fact]
    public async Task Load_OfWhichOneMayNotJoin_SaysSo_AndLeavesNobodyConnected()
    {
        await using var hub = await ScriptedHub.StartAsync(http => http.WebSockets.IsWebSocketRequest ? ServeAsync(http) : http.Response.WriteAsync("a token"));

        var (isGood, text) = await SmallLoad.RunAsync(new Uri(hub.Urls.Single()), CancellationToken.None);

        Assert.Equal((false, "It did not end in time, or not well: You may not do that there."), (isGood, text));
        Assert.Equal(SmallLoad.Users, _connections);
        await Eventually.TrueAsync(() => Volatile.Read(ref _open) == 0);
    }

    private async Task ServeAsync(HttpContext http)
    {
        using var socket = await http.WebSockets.AcceptWebSocketAsync();
        var mayJoin = Interlocked.Increment(ref _connections) > 1;
        Interlocked.Increment(ref _open);
        var buffer = new byte[4096];
        await socket.ReceiveAsync(buffer, CancellationToken.None);
        await ScriptedHub.SayAsync(socket, "{}", """{"type":1,"target":"subscribed","arguments":[{"to":"anna","epoch":"e","offset":1,"recovered":true}]}""");
        try
        {
            while (await socket.ReceiveAsync(buffer, CancellationToken.None) is { MessageType: WebSocketMessageType.Text } received)
            {
                using var call = JsonDocument.Parse(buffer.AsMemory(0, received.Count - 1));
                var answer = mayJoin ? """ "result":{"epoch":"e","offset":1,"recovered":true} """ : """ "error":"HubException: forbidden: You may not do that there." """;
                if (call.RootElement.TryGetProperty("invocationId", out var id)) // otherwise it is a ping
                {
                    await ScriptedHub.SayAsync(socket, $$"""{"type":3,"invocationId":"{{id.GetString()}}",{{answer}}}""");
                }
            }
        }
        catch (WebSocketException)
        {
            // The client has gone.
        }
        finally
        {
            Interlocked.Decrement(ref _open);
        }
    }
}
