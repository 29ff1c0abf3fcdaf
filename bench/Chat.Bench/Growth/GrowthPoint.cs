using Chat.Bench.Reports;
using Chat.Bench.Workloads;

namespace Chat.Bench.Growth;

/// <summary>One line of the table: the same load at another size.</summary>
/// <param name="Family">What grows.</param>
/// <param name="Size">How far it has grown here, in words.</param>
/// <param name="Workload">What is measured.</param>
internal sealed record GrowthPoint(string Family, string Size, Workload Workload)
{
    /// <summary>Of the cluster.</summary>
    public int Nodes { get; init; }

    /// <summary>So many more connections are there meanwhile, and say nothing.</summary>
    public int Silent { get; init; }
}

/// <param name="Point">Which.</param>
/// <param name="Row">What was measured; null: nothing.</param>
/// <param name="Coming">Seconds until all connections of the point were in, and in their groups.</param>
/// <param name="Missing">Why there is nothing.</param>
internal sealed record GrowthRow(GrowthPoint Point, Row? Row, double Coming, string? Missing = null);
