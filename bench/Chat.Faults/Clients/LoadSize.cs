using System.Globalization;
using Chat.Faults.Systems;

namespace Chat.Faults.Clients;

/// <summary>The number of clients and of groups, and the messages a second that all clients send together.</summary>
internal sealed record LoadSize(int Clients, int Groups, int Rate)
{
    public static readonly LoadSize Usual = new(300, 30, 200);

    public static readonly LoadSize Quick = new(60, 6, 60);

    /// <summary>The clients, assigned to the groups in turn. Of ten in a group, six are raw, two on our library, one on SignalR's own client, and one
    /// is on its own topic.</summary>
    public IEnumerable<Seat> Seats() => Enumerable.Range(0, Clients).Select(i =>
    {
        var (group, place) = (i % Groups, i / Groups);
        var kind = (place % 10) switch
        {
            < 6 => SeatKind.Raw,
            6 or 7 => SeatKind.Library,
            8 => SeatKind.Hub,
            _ => SeatKind.User,
        };
        return new Seat(string.Create(CultureInfo.InvariantCulture, $"c{group}.{place}"), string.Create(CultureInfo.InvariantCulture, $"g{group}"), kind);
    });
}
