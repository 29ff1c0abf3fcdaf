namespace Chat.Api.Topics;

/// <summary>Ends the subscriptions that nobody needs any more, about once a second.</summary>
internal sealed class TopicSweeper(TopicTable topics, TimeProvider time) : BackgroundService
{
    private static readonly TimeSpan Round = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Round, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            topics.Sweep();
        }
    }
}
