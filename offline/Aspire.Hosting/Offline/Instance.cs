using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.Offline;

/// <summary>One process of a resource: a replica of a project, or an executable.</summary>
internal sealed class Instance(IResource resource)
{
    private const string Letters = "abcdefghijkmnpqrstuvwxyz"; // none that look alike

    public IResource Resource { get; } = resource;

    /// <summary>Eight letters; also the telemetry's service.instance.id.</summary>
    public string Suffix { get; } = new(System.Security.Cryptography.RandomNumberGenerator.GetItems<char>(Letters, 8));

    public string Name => $"{Resource.Name}-{Suffix}";

    /// <summary>The port that the process listens on, by endpoint.</summary>
    public Dictionary<string, int> TargetPorts { get; } = [];

    /// <summary>The environment of its latest start.</summary>
    public IReadOnlyDictionary<string, string> Variables { get; set; } = new Dictionary<string, string>();

    /// <summary>The latest start of the process; null before the first.</summary>
    public KeptProcess? Process { get; set; }

    /// <summary>One of <see cref="KnownResourceStates"/>.</summary>
    public string State { get; set; } = KnownResourceStates.NotStarted;

    public int? Pid { get; set; }

    public int? ExitCode { get; set; }

    /// <summary>True while it is being stopped on purpose, so that its end is no surprise.</summary>
    public bool IsStopping { get; set; }

    public bool IsRunning => State == KnownResourceStates.Running;
}
