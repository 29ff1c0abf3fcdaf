using System.Net.WebSockets;
using Chat.Tests.Support;

namespace Flood;

/// <summary>One connection of a user who floods a group with 50 messages a second, which a connection may send. Once it is closed, it connects again.</summary>
internal sealed class Flooder(Uri node, int bytes)
{
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(20);

    private readonly string _text = new('x', bytes);

    public int Acknowledged { get; private set; }

    public async Task RunAsync(CancellationToken end)
    {
        using var ticks = new PeriodicTimer(Pace);
        while (await NextAsync(ticks, end))
        {
            try
            {
                await using var client = await ChatClient.ConnectAsync(node, "/chat/group/flood/flooder?format=json", CancellationToken.None);
                while (!client.Ended.IsCompleted && await NextAsync(ticks, end))
                {
                    await client.SendJsonAsync(new { Msg = _text, MsgId = $"{Guid.NewGuid():N}" });
                    Acknowledged += client.Pending().Count(text => text.StartsWith("""{"type":"ack""", StringComparison.Ordinal));
                }
            }
            catch (Exception exception) when (exception is RefusedException or WebSocketException or OperationCanceledException)
            {
                // Turned away, or closed meanwhile. The loop tries again.
            }
        }
    }

    private static async Task<bool> NextAsync(PeriodicTimer ticks, CancellationToken end)
    {
        try
        {
            return await ticks.WaitForNextTickAsync(end);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }
}
