using System.Globalization;

namespace Chat.Api.Redis;

/// <summary>Where a server of a Redis Cluster says that a slot is: <c>MOVED 3999 127.0.0.1:6381</c> or, for one command only,
/// <c>ASK 3999 127.0.0.1:6381</c>. An empty host stands for that of the server that answered.</summary>
internal readonly record struct Redirection(int Slot, string Host, int Port, bool IsForOnce)
{
    public static bool TryParse(string error, out Redirection redirection)
    {
        redirection = default;
        if (error.Split(' ') is not ["MOVED" or "ASK", var slotText, var address, ..]
            || !int.TryParse(slotText, CultureInfo.InvariantCulture, out var slot) || slot is < 0 or >= RedisSlot.Count
            || address.LastIndexOf(':') is var colon && colon < 0
            || !int.TryParse(address.AsSpan(colon + 1), CultureInfo.InvariantCulture, out var port))
        {
            return false;
        }

        redirection = new Redirection(slot, address[..colon], port, IsForOnce: error.StartsWith("ASK", StringComparison.Ordinal));
        return true;
    }
}
