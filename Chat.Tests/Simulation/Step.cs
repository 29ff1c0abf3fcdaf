namespace Chat.Tests.Simulation;

/// <summary>Events of a history, besides that time passes and that data under way arrive.</summary>
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
/// <param name="A">Whom it concerns, or how much.</param>
/// <param name="B">As above.</param>
/// <param name="Seed">The seed of the dice that decide what arrives after the step, and in which order.</param>
internal sealed record Step(StepKind Kind, int A, int B, ulong Seed)
{
    private const int Faults = 9; // the index of the first kind that is a fault

    // Sequences that hardly ever come about by chance. Their steps concern one node, or another one where IsElsewhere says so; each with its amount.
    private static readonly (StepKind Kind, int A, bool IsElsewhere)[][] Motifs =
    [
        // A node reads its log slowly, and a message passes by meanwhile.
        [
            (StepKind.RedisBack, 0, false), (StepKind.NodesBack, 0, false), (StepKind.Wait, 7, false),
            (StepKind.Connect, Any, false), (StepKind.Connect, Any, false), (StepKind.Connect, Any, true), (StepKind.Connect, Any, true), (StepKind.Wait, 4, false),
            (StepKind.LinkSlow, 7, false), (StepKind.LinkBroken, 0, false), (StepKind.Wait, 5, false),
            (StepKind.ChannelsLose, 10, false), (StepKind.Post, Any, false), (StepKind.Post, Any, true), (StepKind.Post, Any, false), (StepKind.Wait, 8, false),
        ],

        // Two losses in a row, before every node has heard of the first.
        [
            (StepKind.Post, Any, false), (StepKind.RedisKilled, 1, false), (StepKind.RedisBack, 0, false), (StepKind.Wait, 5, false),
            (StepKind.RedisKilled, Any, false), (StepKind.RedisBack, 0, false),
        ],

        // A node starts, has clients and dies.
        [(StepKind.NodeStarted, 0, false), (StepKind.Connect, Any, false), (StepKind.Connect, Any, false), (StepKind.Wait, 4, false), (StepKind.NodeKilled, 0, false)],
    ];

    private const int Any = -1;

    // How often each kind occurs, in the order of the kinds.
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

        var place = dice.OneIn(2) ? steps.Length : dice.Next(steps.Length); // at the end no other step can repair the damage
        return isCalm || !dice.OneIn(6) ? steps : [.. steps[..place], .. Motif(dice), .. steps[place..]];
    }

    private static IEnumerable<Step> Motif(Dice dice)
    {
        var node = (dice.Next(1 << 16) * 12) + 11; // selects the latest node, however many there are; the next line may select any
        node = dice.OneIn(2) ? node : dice.Next(1 << 20);
        return Motifs[dice.Next(Motifs.Length)].Select(step => new Step(step.Kind, step.A == Any ? dice.Next(1 << 20) : step.A, step.IsElsewhere ? node + 1 : node, dice.Next()));
    }

    public override string ToString() => $"{Kind} {A} {B}";
}
