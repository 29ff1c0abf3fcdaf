using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Chat.Tests.ClientLibrary;

/// <summary>Stands in for a hub and sends what a test wants it to send.</summary>
internal static class ScriptedHub
{
    /// <param name="serve">Serves a connection, from its request to its end.</param>
    public static async Task<WebApplication> StartAsync(RequestDelegate serve)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        var hub = builder.Build();
        hub.Urls.Add("http://127.0.0.1:0");
        hub.UseWebSockets();
        hub.Run(serve);
        await hub.StartAsync();
        return hub;
    }

    /// <summary>Starts a hub that accepts every handshake and answers calls. It does not answer pings.</summary>
    /// <param name="begin">What it says right after a handshake. Given is which connection it is, from 1.</param>
    /// <param name="answer">What it says to a call. Given are the connection, the call's target and the call's id.</param>
    public static Task<WebApplication> StartAsync(Func<int, IEnumerable<string>> begin, Func<int, string, string, IEnumerable<string>> answer)
    {
        var connections = 0;
        return StartAsync(async http =>
        {
            using var socket = await http.WebSockets.AcceptWebSocketAsync();
            var connection = Interlocked.Increment(ref connections);
            var buffer = new byte[4096];
            await socket.ReceiveAsync(buffer, CancellationToken.None);
            await SayAsync(socket, ["{}", .. begin(connection)]);
            while (await socket.ReceiveAsync(buffer, CancellationToken.None) is { MessageType: WebSocketMessageType.Text } received)
            {
                using var call = JsonDocument.Parse(buffer.AsMemory(0, received.Count - 1));
                if (call.RootElement.TryGetProperty("target", out var target))
                {
                    var id = call.RootElement.GetProperty("invocationId").GetString()!;
                    await SayAsync(socket, [.. answer(connection, target.GetString()!, id)]);
                }
            }
        });
    }

    /// <summary>Sends all records at once, in one message.</summary>
    public static Task SayAsync(WebSocket socket, params string[] words) => words is []
        ? Task.CompletedTask
        : socket.SendAsync(Encoding.UTF8.GetBytes(string.Concat(words.Select(word => word + "\u001e"))), WebSocketMessageType.Text, true, CancellationToken.None);
}
