namespace Aspire.Hosting.Offline;

/// <summary>How the engine differs between a run and a test.</summary>
/// <param name="RandomPorts">True: proxied endpoints take any free port, whatever was asked for, so that tests do not meet.</param>
internal sealed record EngineOptions(bool RandomPorts);
