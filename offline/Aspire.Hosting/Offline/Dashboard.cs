namespace Aspire.Hosting.Offline;

/// <summary>The real Aspire dashboard, where the aspire CLI is on the PATH.</summary>
internal sealed class Dashboard
{
    /// <summary>Where it takes telemetry; null while there is no dashboard.</summary>
    public string? OtlpEndpoint { get; private set; }

    /// <summary>Points a process's telemetry at the dashboard, if there is one.</summary>
    public void AddTo(Dictionary<string, string> variables)
    {
        if (OtlpEndpoint is not null)
        {
            variables["OTEL_EXPORTER_OTLP_ENDPOINT"] = OtlpEndpoint;
            variables["OTEL_EXPORTER_OTLP_PROTOCOL"] = "grpc";
        }
    }
}
