using System.Globalization;
using Chat.Bench.Workloads;

namespace Chat.Bench.Reports;

/// <summary>Reports progress on the error output: once a second where the output is a terminal, else once for each repetition.</summary>
internal sealed class Progress
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private string _title = "";

    public void Begin(string title)
    {
        _title = title;
        if (Console.IsErrorRedirected)
        {
            Console.Error.WriteLine(title);
        }
    }

    /// <summary>Returns when the work is done.</summary>
    public async Task WatchAsync(Crowd crowd, Task work)
    {
        var received = crowd.Received;
        while (!Console.IsErrorRedirected && await Task.WhenAny(work, Task.Delay(Interval)) != work)
        {
            var now = crowd.Received;
            Console.Error.Write(string.Create(CultureInfo.InvariantCulture, $"\r{_title}: {crowd.Ready:N0} are in, {now - received:N0} deliveries a second   "));
            received = now;
        }

        await work;
    }

    public void End()
    {
        _title = "";
        if (!Console.IsErrorRedirected)
        {
            Console.Error.Write("\r" + new string(' ', 100) + "\r");
        }
    }
}
