namespace Chat.Tests.Simulation;

/// <summary>What can happen in a history, besides that time passes and what is under way arrives.</summary>
internal enum StepKind
{
    Post,
    PostAgain,
    Connect,
    ConnectForgetful,
    ConnectInvented,
    Disconnect,
    Join,
    Leave,
    Wait,
    RedisKilled,
    RedisBack,
    RedisPaused,
    RedisFlushed,
    ChannelsLose,
    LinkDeaf,
    ChannelDeaf,
    NodeCut,
    NodeFrozen,
    NodeKilled,
    NodeStarted,
    NodesBack,
    ClientSlow,
    LinkBroken,
    LinkSlow,
}

/// <summary>One step of a history.</summary>
/// <param name="Kind">What happens.</param>
/// <param name="A">To whom, or how much.</param>
/// <param name="B">As above.</param>
/// <param name="Seed">Of the dice that say what arrives after it, and in which order.</param>
internal sealed record Step(StepKind Kind, int A, int B, ulong Seed)
{
    private const int Faults = 9; // the index of the first kind that is one

    // How often each comes; in the order of the kinds.
    private static readonly int[] Weights = [30, 6, 12, 3, 1, 7, 6, 6, 8, 3, 6, 2, 1, 3, 1, 1, 2, 2, 1, 2, 5, 2, 1, 4];

    /// <summary>The steps of a seed.</summary>
    public static Step[] Of(Dice dice, bool isCalm)
    {
        var steps = new Step[dice.Next(15, 60)];
        var most = isCalm ? Faults : Weights.Length;
        var sum = Weights.Take(most).Sum();
        for (var i = 0; i < steps.Length; i++)
        {
            var kind = 0;
            for (var at = dice.Next(sum); at >= Weights[kind]; kind++)
            {
                at -= Weights[kind];
            }

            steps[i] = new Step((StepKind)kind, dice.Next(1 << 20), dice.Next(1 << 20), dice.Next());
        }

        return steps;
    }

    public override string ToString() => $"{Kind} {A} {B}";
}
