using Chat.Faults.Clients;
using Chat.Faults.Systems;

namespace Chat.Faults.Scenarios;

/// <summary>One row of the table: a fault, and what everybody may expect during it and afterwards.</summary>
/// <param name="name">The name on the command line.</param>
/// <param name="fault">What happens.</param>
/// <param name="expected">What is promised then, besides that nothing is lost, duplicated, reordered or leaked.</param>
internal abstract class Scenario(string name, string fault, string expected)
{
    public string Name => name;

    public string Fault => fault;

    public string Expected => expected;

    /// <summary>Whether clients may be told that something is missing.</summary>
    public virtual bool MayTellOfHoles => false;

    /// <summary>Whether Redis loses its data, and with them the ids it knows.</summary>
    public virtual bool RedisForgets => false;

    /// <summary>Whether every connection has to stay open throughout.</summary>
    public virtual bool KeepsConnections => false;

    /// <summary>Whether the longest time without a message is meaningful.</summary>
    public virtual bool HasGap => true;

    /// <summary>The longest time allowed from the end of the fault until all clients have all messages that were sent before.</summary>
    public virtual TimeSpan RecoversWithin => TimeSpan.FromSeconds(20);

    /// <summary>Whether the scenario can be run on other systems.</summary>
    public virtual bool Compares => false;

    public virtual ClusterOptions Cluster => new();

    public virtual LoadSize Size(bool quick) => quick ? LoadSize.Quick : LoadSize.Usual;

    /// <summary>Null, or the reason why it cannot run here.</summary>
    public virtual string? WhyNot() => null;

    /// <summary>Breaks something while messages flow, and returns when that is over and everybody has had time to recover.</summary>
    public abstract Task BreakAsync(Stage stage);
}
