namespace Chat.Faults.Scenarios;

/// <summary>The rows of the table.</summary>
internal static class AllScenarios
{
    public static readonly IReadOnlyList<Scenario> InOrder =
    [
        new NodeKilled(), new NodeKilledWhilePublishing(), new Ghosts(), new NodeStopped(), new NodesReplaced(), new NodePaused(), new ClockWrong(),
        new RedisRestarted(), new RedisRestartedEmpty(), new RedisPaused(), new RedisCut(), new RedisFailover(), new RedisOutOfMemory(),
        new SlotsMoved(), new PrimariesKilled(),
        new EdgeRestarted(), new EverybodyReturns(), new Silence(), new InTurn(),
        new SlowConsumer(), new HalfOpen(), new Trimmed(), new Flooded(), new Hostile(),
    ];
}
