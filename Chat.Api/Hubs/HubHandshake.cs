using System.Buffers;
using System.IO.Pipelines;
using System.Text.Json;
using Microsoft.AspNetCore.SignalR.Protocol;

namespace Chat.Api.Hubs;

/// <summary>Finds out which protocol a client's handshake names, without consuming it.</summary>
/// <remarks>SignalR reads the handshake, too, and answers it. But by then encoded frames from topics may already be waiting for the client.</remarks>
internal static class HubHandshake
{
    private const int MostBytes = 4096;

    /// <summary>Calls <paramref name="settle"/> with the protocol, on the thread that brought the handshake, before anything behind it is read. The
    /// protocol is null if the bytes are no valid handshake; the hub then says what is wrong. Returns false if no handshake came.</summary>
    public static async Task<bool> ReadAsync(PipeReader input, Action<string?> settle, TimeSpan within, TimeProvider time)
    {
        using var deadline = new CancellationTokenSource(within, time);
        try
        {
            while (true)
            {
                var result = await input.ReadAsync(deadline.Token);
                if (TryRead(result.Buffer, out var protocol))
                {
                    settle(protocol);
                    input.AdvanceTo(result.Buffer.Start);
                    return true;
                }

                input.AdvanceTo(result.Buffer.Start, result.Buffer.End);
                if (result.IsCompleted || result.IsCanceled || result.Buffer.Length > MostBytes)
                {
                    return false;
                }
            }
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private static bool TryRead(ReadOnlySequence<byte> bytes, out string? protocol)
    {
        protocol = null;
        try
        {
            if (!HandshakeProtocol.TryParseRequestMessage(ref bytes, out var request))
            {
                return false;
            }

            protocol = request.Protocol;
        }
        catch (Exception exception) when (exception is InvalidDataException or JsonException)
        {
            // The hub will find the same fault.
        }

        return true;
    }
}
