using System.Text;

namespace Chat.Bench.Clients;

/// <summary>How one comes in, and how messages look there.</summary>
internal abstract class Door
{
    public abstract string Name { get; }

    /// <summary>Whether it has to be known who comes.</summary>
    public virtual bool NeedsToken => false;

    /// <summary>Whether who writes to a group gets that, too.</summary>
    public virtual bool HearsItself => false;

    /// <summary>What is sent now and then so that a silent client does not count as gone; null: pongs are enough.</summary>
    public virtual byte[]? SignOfLife => null;

    /// <summary>What the request asks for.</summary>
    public abstract string Path(Guest guest);

    /// <summary>What follows the upgrade, one after the other.</summary>
    public virtual IReadOnlyList<Step> Steps(Guest guest) => [];

    /// <summary>What stands before and behind a message's text, in each of the topics that the guest writes in.</summary>
    public abstract IReadOnlyList<(byte[] Before, byte[] Behind)> Messages(Guest guest);

    public static Door Of(string name) => name switch
    {
        "text" => new RawDoor(isJson: false),
        "json" => new RawDoor(isJson: true),
        "hub" => new HubDoor(),
        _ => throw new ArgumentException($"There is no door {name}."),
    };

    protected static IReadOnlyList<(byte[] Before, byte[] Behind)> One((byte[] Before, byte[] Behind) message) => [message];

    protected static (byte[] Before, byte[] Behind) Split(string message, char at)
    {
        var parts = message.Split(at);
        return (Encoding.UTF8.GetBytes(parts[0]), Encoding.UTF8.GetBytes(parts[1]));
    }
}

/// <summary>Somebody at a door.</summary>
/// <param name="Name">The user's.</param>
/// <param name="Group">Null: none, one to one.</param>
/// <param name="Peer">The user written to, where there is no group.</param>
internal sealed record Guest(string Name, string? Group, string Peer);

/// <param name="Send">What is sent first; null: nothing.</param>
/// <param name="Expected">What the answer contains.</param>
internal sealed record Step(byte[]? Send, byte[] Expected);
