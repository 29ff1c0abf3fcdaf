using Chat.Api.Backplane;
using Microsoft.Extensions.Options;

namespace Chat.Api.Redis;

/// <summary>Starts and stops the backplane, and once a tick makes sure that it is alive.</summary>
/// <remarks>
/// Subscriptions can die silently (StackExchange.Redis issues 273, 517 and 1110 describe it; a paused
/// server or a lost route does the same to any client). So each node publishes a tick to itself and must hear it
/// (<see cref="SubscriptionTicks"/>): after three missing ticks it is not ready, and after <see cref="BackplaneOptions.SilenceLimit"/>
/// all subscriptions are made anew and every topic catches up from its log.
/// </remarks>
internal sealed class RedisBackplaneHost(
    RedisCommands commands, RedisSubscriptions subscriptions, RedisBackplane backplane, RedisLives lives, PositionKeeper positions,
    IOptions<BackplaneOptions> options, TimeProvider time) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        commands.Start();
        subscriptions.Start();
        using var timer = new PeriodicTimer(options.Value.TickInterval, time);
        do
        {
            commands.LookAfterLinks();
            subscriptions.Tick();
            backplane.Sweep();
            backplane.TellHeads();
            lives.Share();
            positions.Renew();
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }
}
