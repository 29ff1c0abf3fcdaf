using System.Diagnostics;
using Xunit;

namespace Chat.Tests.Simulation;

/// <summary>Some thousand histories of a simulated cluster, the same in every run. A command runs any number of others
/// (docs/SIMULATION.md).</summary>
public sealed class SimulationTests
{
    private static readonly TimeSpan Time = TimeSpan.FromSeconds(8);

    [Fact]
    public void Histories_OfAnyKind_BreakNoPromise()
    {
        var clock = Stopwatch.StartNew();
        var broken = Series.FirstBroken(from: 1, count: 3_000, goesOn: _ => clock.Elapsed < Time);

        Assert.True(broken is null, broken is null ? "" : Series.Report(broken));
    }

    // Replaying a failure, and so understanding it, depends on this.
    [Fact]
    public void Seed_MakesTheSameHistory_ByteForByte()
    {
        for (ulong seed = 1; seed <= 40; seed++)
        {
            var first = History.Run(seed, isTraced: true);

            Assert.Equal(first.Trace, History.Run(seed, isTraced: true).Trace);
            Assert.NotEmpty(first.Trace);
        }
    }

    // A simulation that cannot find faults proves nothing. Each search begins at the seed that found the fault last, so that it does not take long.
    [Theory]
    [InlineData(nameof(Fault.LifeUnchecked), 52)]
    [InlineData(nameof(Fault.LastAckUnchecked), 52)]
    [InlineData(nameof(Fault.LogDeletedOnReturn), 3)]
    [InlineData(nameof(Fault.HeadsUntold), 104)]
    [InlineData(nameof(Fault.DoubtLostDuringRead), 724)]
    [InlineData(nameof(Fault.RecordsCutInStreams), 66)]
    [InlineData(nameof(Fault.DeafnessUnnoticed), 71)]
    [InlineData(nameof(Fault.RestoredUntold), 71)]
    [InlineData(nameof(Fault.DeletedTextKept), 891)]
    [InlineData(nameof(Fault.RemovalOverlookedInLog), 386)]
    [InlineData(nameof(Fault.JoinUnannounced), 236)]
    [InlineData(nameof(Fault.MembershipNotLookedUp), 19)]
    [InlineData(nameof(Fault.TrimmedByNodesClock), 10)]
    [InlineData(nameof(Fault.SweptUnnoticed), 19)]
    [InlineData(nameof(Fault.IdsForgottenEarly), 175)]
    [InlineData(nameof(Fault.BrokenLifeUnshared), 136)]
    [InlineData(nameof(Fault.PresenceBeforeRoll), 2937)]
    [InlineData(nameof(Fault.StaleListTaken), 2729)]
    public void Fault_Reintroduced_IsFound(string name, ulong from)
    {
        var fault = Enum.Parse<Fault>(name);

        var broken = Series.FirstBroken(from, 10_000, fault);

        Assert.True(broken is not null, $"{fault} is not found from seed {from} on.");
        Assert.Null(History.Run(broken.Seed).Violation); // so the fault is what breaks the promise
    }

    [Fact]
    public void History_ThatBreaksAPromise_Shrinks()
    {
        var broken = Series.FirstBroken(1, 500, Fault.HeadsUntold)!;

        var shrunk = Shrink.From(broken, Fault.HeadsUntold);

        Assert.NotNull(shrunk.Violation);
        Assert.True(shrunk.Steps.Count < broken.Steps.Count);
        Assert.Contains(shrunk.Violation, Series.Report(broken, Fault.HeadsUntold), StringComparison.Ordinal);
    }
}
