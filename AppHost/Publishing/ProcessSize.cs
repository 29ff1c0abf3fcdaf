using System.Globalization;

namespace AppHost.Publishing;

/// <summary>The size of the processes of one kind. These figures are a start: docs/DEPLOY.md says how to find yours.</summary>
/// <param name="Replicas">The number of processes.</param>
/// <param name="Cores">The cores reserved for each.</param>
/// <param name="MemoryMiB">The memory limit of each, beyond which it is restarted. Half of it is reserved.</param>
internal sealed record ProcessSize(int Replicas, double Cores, int MemoryMiB)
{
    /// <summary>Longer than a drain, which takes up to 25 s.</summary>
    public const int StopSeconds = 30;

    /// <summary>Connections are open files, and an edge needs two for each.</summary>
    public const int OpenFiles = 200_000;

    public string CoresText => Cores.ToString(CultureInfo.InvariantCulture);
}
