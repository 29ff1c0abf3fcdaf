using System.Globalization;
using System.Text.Json;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using Perfolizer.Horology;

namespace Chat.Micro;

/// <summary>Runs the benchmarks and compares their results with the file.</summary>
internal static class Series
{
    private const string Help = """
        Small pieces of a message's path, each beside a straightforward way of doing the same, and judged by the ratio of the two.

          dotnet run -c Release --project bench/Chat.Micro                 all: which got worse since baseline.json was written?
          dotnet run -c Release --project bench/Chat.Micro -- Delivery     those whose names contain that
          … --update        writes what was measured into bench/Chat.Micro/baseline.json, run from the repository's folder
          … --quick         does it work? The times mean nothing

        Ends with 1 if something got worse, with 2 if it could not run.
        """;

    private const string File = "baseline.json";
    private static readonly string Source = Path.Combine("bench", "Chat.Micro", File);
    private static readonly JsonSerializerOptions Written = new() { WriteIndented = true };
    private static readonly Type[] All = [typeof(EnvelopeParsing), typeof(EnvelopeWriting), typeof(FrameEncoding), typeof(Outboxes), typeof(Delivery), typeof(TokenCheck)];

    public static int Run(string[] arguments, TextWriter output, TextWriter progress)
    {
        var names = arguments.Where(argument => !argument.StartsWith('-')).ToArray();
        var chosen = All.Where(type => names.Length == 0 || names.Any(name => type.Name.Contains(name, StringComparison.OrdinalIgnoreCase))).ToArray();
        var options = arguments.Where(argument => argument.StartsWith('-')).ToArray();
        if (chosen.Length == 0 || options.Except(["--update", "--quick"]).Any() || (options.Contains("--update") && !System.IO.File.Exists(Source)))
        {
            progress.WriteLine(Help);
            return options.Contains("--help") ? 0 : 2;
        }

        var before = JsonSerializer.Deserialize<SortedDictionary<string, Standing>>(System.IO.File.ReadAllText(options.Contains("--update") ? Source : Path.Combine(AppContext.BaseDirectory, File)))!;
        var worse = false;
        output.WriteLine("| benchmark | ns | straightforward, ns | ratio | in the file | bytes | in the file | |\n|---|---:|---:|---:|---:|---:|---:|---|");
        foreach (var type in chosen)
        {
            progress.WriteLine(type.Name);
            var summary = BenchmarkRunner.Run(type, Config(options.Contains("--quick")));
            foreach (var pair in summary.Reports.GroupBy(report => report.BenchmarkCase.Parameters.DisplayInfo))
            {
                if (pair.Any(report => report.ResultStatistics is null))
                {
                    progress.WriteLine($"{type.Name} could not be measured.");
                    return 2;
                }

                var (ours, theirs) = (pair.Single(report => !report.BenchmarkCase.Descriptor.Baseline), pair.Single(report => report.BenchmarkCase.Descriptor.Baseline));
                var name = type.Name + pair.Key;
                var now = new Standing(Math.Round(Median(ours) / Median(theirs), 3), ours.GcStats.GetBytesAllocatedPerOperation(ours.BenchmarkCase) ?? 0);
                var known = before.GetValueOrDefault(name);
                var verdict = Verdict.Of(now, known);
                worse |= Verdict.IsWorse(verdict);
                output.WriteLine(string.Create(CultureInfo.InvariantCulture,
                    $"| {name} | {Median(ours):N1} | {Median(theirs):N1} | {now.Ratio:0.000} | {known?.Ratio:0.000} | {now.Bytes} | {known?.Bytes} | {verdict} |"));
                before[name] = now;
            }
        }

        if (options.Contains("--update"))
        {
            System.IO.File.WriteAllText(Source, JsonSerializer.Serialize(before, Written) + "\n");
            return 0;
        }

        return worse ? 1 : 0;
    }

    // Runs in this process, since building each benchmark separately would take minutes. A few tenths of a second are enough to measure a ratio.
    private static ManualConfig Config(bool isQuick) => ManualConfig.CreateEmpty()
        .AddJob((isQuick ? Job.Dry : Job.Default.WithWarmupCount(6).WithIterationCount(15).WithIterationTime(TimeInterval.FromMilliseconds(100)))
            .WithToolchain(InProcessEmitToolchain.Instance))
        .AddDiagnoser(MemoryDiagnoser.Default)
        .AddLogger(NullLogger.Instance)
        .WithArtifactsPath(Path.Combine(Path.GetTempPath(), "chat-micro"))
        .WithOptions(ConfigOptions.DisableLogFile);

    private static double Median(BenchmarkReport report) => report.ResultStatistics!.Median;
}
