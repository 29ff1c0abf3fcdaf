using Chat.Bench.Reports;
using Chat.Bench.Workloads;

namespace Chat.Bench.Growth;

/// <summary>One line of the table: the same load at another size.</summary>
/// <param name="Family">The quantity that grows.</param>
/// <param name="Size">Its size at this point, in words.</param>
/// <param name="Workload">The workload to measure.</param>
internal sealed record GrowthPoint(string Family, string Size, Workload Workload)
{
    /// <summary>The number of nodes in the cluster.</summary>
    public int Nodes { get; init; }

    /// <summary>How many silent connections there are besides.</summary>
    public int Silent { get; init; }
}

/// <param name="Point">The point.</param>
/// <param name="Row">The measurements, or null if there are none.</param>
/// <param name="Coming">Seconds until all connections of the point were in their groups.</param>
/// <param name="Missing">Why there are no measurements.</param>
internal sealed record GrowthRow(GrowthPoint Point, Row? Row, double Coming, string? Missing = null);
