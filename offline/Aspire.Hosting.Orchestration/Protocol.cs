using System.Text.Json.Serialization;

namespace Aspire.Hosting.Orchestration;

/// <summary>A line from the AppHost to its keeper, as JSON. The AppHost chooses the id, which names one start of a process.</summary>
internal sealed record KeeperCommand(int Id, StartProcess? Start = null, StopProcess? Stop = null);

/// <summary>Start this program with exactly this environment.</summary>
internal sealed record StartProcess(
    string FileName, IReadOnlyList<string> Arguments, string Directory, IReadOnlyDictionary<string, string> Environment);

/// <summary>Ask the process to end; after the grace, end it and all it started.</summary>
internal sealed record StopProcess(int GraceMilliseconds);

/// <summary>A line from the keeper to its AppHost, as JSON; one of the four is set.</summary>
internal sealed record KeeperReport(
    int Id, int? Pid = null, string? FailedToStart = null, OutputLine? Output = null, int? ExitCode = null);

/// <summary>The process wrote a line.</summary>
internal sealed record OutputLine(string Text, bool IsError);

[JsonSourceGenerationOptions(DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(KeeperCommand))]
[JsonSerializable(typeof(KeeperReport))]
internal sealed partial class KeeperJson : JsonSerializerContext;
