using System.Globalization;
using Microsoft.Extensions.Configuration;

namespace AppHost;

/// <summary>What can be chosen about the cluster. These are configuration keys, and therefore also arguments and environment variables.</summary>
internal sealed class ClusterSettings
{
    private const int MostReplicas = 100;
    private const int HighestPort = 65535;

    private readonly List<string> _problems = [];

    private ClusterSettings()
    {
    }

    /// <summary>Key <c>Replicas</c>: the number of nodes.</summary>
    /// <value>1 to 100. Default 3.</value>
    public int Replicas { get; private init; }

    /// <summary>Key <c>Edges</c>: the number of edges in a deployment.</summary>
    /// <value>1 to 100. Default 1 with Compose, otherwise 2. When run on this machine, there is one.</value>
    public int? Edges { get; private init; }

    /// <summary>Key <c>EdgePort</c>: where clients connect.</summary>
    /// <value>0 to 65535; 0 takes any free port. Default 8080.</value>
    public int EdgePort { get; private init; }

    /// <summary>Key <c>Sample</c>: whether the sample backend runs beside the cluster.</summary>
    /// <value>Default false.</value>
    public bool Sample { get; private init; }

    /// <summary>The edge's port in the application model: null for any free one.</summary>
    public int? PublicPort => EdgePort == 0 ? null : EdgePort;

    /// <summary>Keys under <c>Redis</c>, and <c>ConnectionStrings:redis</c>.</summary>
    public required RedisSettings Redis { get; init; }

    /// <summary>All errors, one line each, with the name of the setting.</summary>
    public IReadOnlyList<string> Problems => _problems;

    public static ClusterSettings Read(IConfiguration configuration)
    {
        var problems = new List<string>();
        var settings = new ClusterSettings
        {
            Replicas = ReadNumber(configuration, "Replicas", 3, 1, MostReplicas, problems),
            Edges = string.IsNullOrWhiteSpace(configuration["Edges"]) ? null : ReadNumber(configuration, "Edges", 2, 1, MostReplicas, problems),
            EdgePort = ReadNumber(configuration, "EdgePort", 8080, 0, HighestPort, problems),
            Sample = ReadSwitch(configuration, "Sample", problems),
            Redis = RedisSettings.Read(configuration, problems),
        };
        settings._problems.AddRange(problems);
        return settings;
    }

    /// <summary>Prints what keeps the cluster from starting here and now, one line each. Returns false if anything does.</summary>
    public async Task<bool> CanStartAsync(DistributedApplicationExecutionContext context)
    {
        if (Problems.Count == 0 && context.IsRunMode)
        {
            if (EdgePort != 0 && !LocalPort.IsFree(EdgePort))
            {
                _problems.Add($"Port {EdgePort} is in use: choose another with --EdgePort=8081, or any free one with --EdgePort=0.");
            }

            if (Redis.External is null && Redis.Port != 0 && !LocalPort.IsFree(Redis.Port))
            {
                _problems.Add($"Port {Redis.Port} is in use: choose another with --Redis:Port, or any free one with --Redis:Port=0.");
            }

            if (Redis.External is null && Redis.Server == "container" && !ContainerEngine.Answers())
            {
                _problems.Add("Redis:Server=container, but no container engine answers: start Docker or Podman, or leave the choice to Redis:Server=auto.");
            }

            if (Redis.External is not null && await Redis.ProbeExternalAsync() is { } failure)
            {
                _problems.Add(failure);
            }
        }

        foreach (var problem in Problems)
        {
            await Console.Error.WriteLineAsync(problem);
        }

        return Problems.Count == 0;
    }

    internal static int ReadNumber(IConfiguration configuration, string key, int standard, int lowest, int highest, List<string> problems)
    {
        var text = configuration[key];
        if (string.IsNullOrWhiteSpace(text))
        {
            return standard;
        }

        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= lowest && number <= highest)
        {
            return number;
        }

        problems.Add($"{key}={text}: {key} must be a number from {lowest} to {highest}; without it, {standard} is used.");
        return standard;
    }

    private static bool ReadSwitch(IConfiguration configuration, string key, List<string> problems)
    {
        var text = configuration[key];
        if (string.IsNullOrWhiteSpace(text) || bool.TryParse(text, out _))
        {
            return string.Equals(text, "true", StringComparison.OrdinalIgnoreCase);
        }

        problems.Add($"{key}={text}: {key} must be true or false; without it, it is false.");
        return false;
    }
}
