namespace Aspire.Hosting.Offline;

/// <summary>How the engine differs between a run and a test.</summary>
/// <param name="IsTest">True: proxied endpoints take any free port, so that tests do not collide; there is no dashboard; output goes to the loggers.</param>
internal sealed record EngineOptions(bool IsTest);
