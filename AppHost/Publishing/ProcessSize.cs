using System.Globalization;

namespace AppHost.Publishing;

/// <summary>What the processes of one kind take. Figures to begin with: docs/DEPLOY.md says how to find yours.</summary>
/// <param name="Replicas">How many there are.</param>
/// <param name="Cores">What is set aside for each.</param>
/// <param name="MemoryMiB">What is set aside for each, and its limit: whoever takes more is restarted.</param>
internal sealed record ProcessSize(int Replicas, double Cores, int MemoryMiB)
{
    /// <summary>Longer than a drain, which takes up to 25 s.</summary>
    public const int StopSeconds = 30;

    /// <summary>Connections are open files, and an edge takes two for each.</summary>
    public const int OpenFiles = 200_000;

    public string CoresText => Cores.ToString(CultureInfo.InvariantCulture);
}
