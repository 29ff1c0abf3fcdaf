using Chat.Api.Backplane;
using Chat.Api.Connections;
using Chat.Api.Messages;
using Chat.Api.Nodes;

namespace Chat.Api.Admissions;

/// <summary>Runs once a second. Asks how many connections users have in the cluster if they are using up their allowance here, forgets the allowances
/// of users who have gone, and writes the counts that could not be written while Redis was away.</summary>
internal sealed class UserShares(ConnectionTable connections, IUserPlaces places, LiveNodes nodes) : BackgroundService
{
    private const int QuestionsPerRound = 1000;

    private static readonly TimeSpan Round = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Round, connections.Time);
        while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false))
        {
            connections.Users.Sweep();
            places.WriteAgain();
            await AskAsync();
        }
    }

    /// <summary>Asks one round of questions.</summary>
    public async Task AskAsync()
    {
        var asked = new List<Task>();
        while (asked.Count < QuestionsPerRound && connections.Users.TryTakeLow(out var user))
        {
            if (connections.Options.PerUser > 0 && user.Connections > 0)
            {
                asked.Add(AskAsync(user));
            }
        }

        await Task.WhenAll(asked);
    }

    private async Task AskAsync(UserAllowance user)
    {
        try
        {
            connections.Users.Learn(user, await places.CountConnectionsAsync(Topic.User(user.UserId), [.. nodes.Nodes.Keys]));
        }
        catch (BackplaneUnavailableException)
        {
            // Without Redis nothing is published either. The question is asked again when the allowance is low again.
        }
    }
}
