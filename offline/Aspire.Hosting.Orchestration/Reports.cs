using System.Text.Json;
using System.Threading.Channels;

namespace Aspire.Hosting.Orchestration;

/// <summary>Writes reports to the AppHost, in order, from any thread; drops them once nobody reads.</summary>
internal sealed class Reports : IAsyncDisposable
{
    private static readonly TimeSpan LastWrites = TimeSpan.FromSeconds(2);

    private readonly Channel<KeeperReport> _waiting =
        Channel.CreateUnbounded<KeeperReport>(new UnboundedChannelOptions { SingleReader = true });

    private readonly Task _writing;

    public Reports(Stream output) => _writing = WriteAsync(output);

    public void Send(KeeperReport report) => _waiting.Writer.TryWrite(report);

    public async ValueTask DisposeAsync()
    {
        _waiting.Writer.TryComplete();

        // Bounded, because an AppHost that is stopped but alive keeps the pipe open and full.
        await Task.WhenAny(_writing, Task.Delay(LastWrites)).ConfigureAwait(false);
    }

    private async Task WriteAsync(Stream output)
    {
        var isRead = true;
        await foreach (var report in _waiting.Reader.ReadAllAsync().ConfigureAwait(false))
        {
            if (!isRead)
            {
                continue; // an AppHost that is gone must not hold up a process that writes
            }

            try
            {
                await JsonSerializer.SerializeAsync(output, report, KeeperJson.Default.KeeperReport).ConfigureAwait(false);
                await output.WriteAsync("\n"u8.ToArray()).ConfigureAwait(false);
                await output.FlushAsync().ConfigureAwait(false);
            }
            catch (IOException)
            {
                isRead = false; // the AppHost is gone; standard input says so as well, and the processes are then ended
            }
        }
    }
}
