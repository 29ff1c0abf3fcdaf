using System.Runtime.InteropServices;
using System.Text.Json;

namespace Aspire.Hosting.Orchestration;

/// <summary>
/// Owns the processes of one AppHost. Guarantee: when the AppHost ends, however it ends, they end too.
/// </summary>
/// <remarks>
/// Mechanism: commands come over standard input, and that pipe closes when the AppHost is gone, killed or not.
/// The keeper has a session of its own, so that Ctrl+C and a closing terminal reach only the AppHost, which then stops the processes in order. If the
/// keeper itself is killed, the AppHost ends the processes, whose pids it knows (KeptProcess.cs).
/// </remarks>
internal static class Keeper
{
    // Nobody is left to see a clean end. The five seconds are for what the processes owe to others.
    private static readonly TimeSpan OrphanGrace = TimeSpan.FromSeconds(5);

    public static async Task Main()
    {
        Session.Detach();
        using var ended = new CancellationTokenSource();
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal =>
        {
            signal.Cancel = true; // the runtime would exit, and leave the processes alone
            ended.Cancel();
        });
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, signal => signal.Cancel = true);
        using var hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, signal => signal.Cancel = true);

        await using var reports = new Reports(Console.OpenStandardOutput());
        var processes = new KeptProcesses(reports);
        using var commands = new StreamReader(Console.OpenStandardInput());
        try
        {
            while (await commands.ReadLineAsync(ended.Token).ConfigureAwait(false) is { } line)
            {
                if (JsonSerializer.Deserialize(line, KeeperJson.Default.KeeperCommand) is { } command)
                {
                    processes.Obey(command);
                }
            }
        }
        catch (OperationCanceledException) when (ended.IsCancellationRequested)
        {
            // A signal has asked the keeper to end: it acts as if the AppHost had gone.
        }
        catch (Exception failure) when (failure is IOException or JsonException)
        {
            // A pipe that breaks, or a line cut short in the middle, is an AppHost that died while writing.
        }

        await processes.EndAllAsync(OrphanGrace).ConfigureAwait(false);
    }
}
