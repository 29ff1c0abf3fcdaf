using Chat.Faults.Clients;
using Chat.Faults.Systems;

namespace Chat.Faults.Scenarios;

/// <summary>One row of the table: something that breaks, and what is expected of everybody meanwhile and afterwards.</summary>
/// <param name="name">As on the command line.</param>
/// <param name="fault">What happens.</param>
/// <param name="expected">What is promised then. That nothing is lost, duplicated, reordered or leaked goes without saying.</param>
internal abstract class Scenario(string name, string fault, string expected)
{
    public string Name => name;

    public string Fault => fault;

    public string Expected => expected;

    /// <summary>Whether clients may be told that something is missing.</summary>
    public virtual bool MayTellOfHoles => false;

    /// <summary>Whether Redis loses its data, and with it which ids it knows.</summary>
    public virtual bool RedisForgets => false;

    /// <summary>Whether every connection has to stand throughout.</summary>
    public virtual bool KeepsConnections => false;

    /// <summary>Whether a time without a message says something.</summary>
    public virtual bool HasGap => true;

    /// <summary>From the end of the fault until everybody has all that was sent before.</summary>
    public virtual TimeSpan RecoversWithin => TimeSpan.FromSeconds(20);

    /// <summary>Whether other systems can be put through the same.</summary>
    public virtual bool Compares => false;

    public virtual ClusterOptions Cluster => new();

    public virtual LoadSize Size(bool quick) => quick ? LoadSize.Quick : LoadSize.Usual;

    /// <summary>Null, or why it cannot run here.</summary>
    public virtual string? WhyNot() => null;

    /// <summary>Breaks something, with messages flowing, and returns when that is over and everybody had time to recover.</summary>
    public abstract Task BreakAsync(Stage stage);
}
