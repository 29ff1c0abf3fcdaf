using System.Globalization;
using Aspire.Hosting.Orchestration;
using Microsoft.Extensions.Configuration;

namespace Aspire.Hosting.Offline;

/// <summary>The real Aspire dashboard, if the aspire CLI is on the PATH. Every process sends its telemetry there.</summary>
/// <remarks><c>Dashboard=false</c> turns it off. A collector of your own, OTEL_EXPORTER_OTLP_ENDPOINT, takes precedence.</remarks>
internal sealed class Dashboard(IConfiguration configuration, ConsoleOutput console, EngineOptions options)
{
    private const int UsualPort = 18888;
    private const string CollectorVariable = "OTEL_EXPORTER_OTLP_ENDPOINT";
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(1);

    private KeptProcess? _process;
    private string? _otlp;
    private string _lastWords = "";
    private bool _isStopping;

    /// <summary>Starts the dashboard, or says how to get it.</summary>
    public void Start(KeeperLink keeper)
    {
        if (options.IsTest || string.Equals(configuration["Dashboard"], "false", StringComparison.OrdinalIgnoreCase))
        {
            return;
        }

        if (configuration[CollectorVariable] is { Length: > 0 } collector)
        {
            console.Say($"Dashboard: none; telemetry goes to {collector}.");
        }
        else if (Find("aspire") is { } aspire)
        {
            Start(keeper, aspire);
        }
        else
        {
            console.Say("Dashboard: none. Install the aspire CLI (https://aspire.dev/get-started/install-cli) to look at traces, metrics and logs.");
        }
    }

    /// <summary>Ends the dashboard last, when no process sends telemetry any more.</summary>
    public async Task StopAsync(KeeperLink keeper)
    {
        _isStopping = true;
        if (_process is { HasEnded: false } process)
        {
            keeper.Stop(process, Grace);
            await process.Exited.ConfigureAwait(false);
        }
    }

    /// <summary>Points a process's telemetry at the dashboard, if there is one, with the intervals of the real package.</summary>
    public void AddTo(Dictionary<string, string> variables)
    {
        if (_otlp is null)
        {
            return;
        }

        variables[CollectorVariable] = _otlp;
        variables["OTEL_EXPORTER_OTLP_PROTOCOL"] = "grpc";
        variables["OTEL_BLRP_SCHEDULE_DELAY"] = "1000";
        variables["OTEL_BSP_SCHEDULE_DELAY"] = "1000";
        variables["OTEL_METRIC_EXPORT_INTERVAL"] = "1000";
    }

    private static string? Find(string command)
    {
        string[] endings = OperatingSystem.IsWindows() ? [".exe", ".cmd"] : [""];
        return (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .SelectMany(directory => endings.Select(ending => Path.Combine(directory, command + ending)))
            .FirstOrDefault(File.Exists);
    }

    private void Start(KeeperLink keeper, string aspire)
    {
        var page = Address(Ports.IsFree(UsualPort) ? UsualPort : Ports.TakeFree());
        _otlp = Address(Ports.TakeFree());
        var variables = ProcessEnvironment.Inherited();
        foreach (var name in variables.Keys.Where(name => name.StartsWith("ASPIRE_", StringComparison.Ordinal)).ToList())
        {
            variables.Remove(name); // the AppHost's launch profile sets these for a dashboard that is started differently
        }

        variables["ASPIRE_CLI_TELEMETRY_OPTOUT"] = "true";
        _process = new KeptProcess(line =>
        {
            _lastWords = string.IsNullOrWhiteSpace(line.Text) ? _lastWords : line.Text;
            if (line.Text.Contains(page, StringComparison.Ordinal))
            {
                console.Say($"Dashboard: {page}"); // the CLI prints this once the dashboard is there
            }
        });
        keeper.Start(_process, new StartProcess(
            aspire,
            [
                "dashboard", "run", "--allow-anonymous", "--nologo", "--non-interactive",
                "--frontend-url", page, "--otlp-grpc-url", _otlp, "--otlp-http-url", Address(Ports.TakeFree()),
            ],
            Directory.GetCurrentDirectory(),
            variables));
        _ = ReportEndAsync(_process); // ends with the process, whose end StopAsync awaits
    }

    private static string Address(int port) => string.Create(CultureInfo.InvariantCulture, $"http://localhost:{port}");

    private async Task ReportEndAsync(KeptProcess process)
    {
        try
        {
            await process.Started.ConfigureAwait(false);
            var exitCode = await process.Exited.ConfigureAwait(false);
            if (!_isStopping)
            {
                console.Complain($"The dashboard ended ({ExitCodes.Describe(exitCode)}); everything else goes on. {_lastWords}");
            }
        }
        catch (DistributedApplicationException failure)
        {
            console.Complain($"The dashboard did not start: {failure.Message}");
        }
    }
}
