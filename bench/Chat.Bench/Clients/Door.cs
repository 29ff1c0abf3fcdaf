using System.Text;

namespace Chat.Bench.Clients;

/// <summary>How a client connects to one kind of endpoint, and the form of messages there.</summary>
internal abstract class Door
{
    public abstract string Name { get; }

    /// <summary>Whether the endpoint has to know the user.</summary>
    public virtual bool NeedsToken => false;

    /// <summary>Whether the writer of a message in a group receives it as well.</summary>
    public virtual bool HearsItself => false;

    /// <summary>Sent now and then so that a silent client does not count as gone. Null where pongs are enough.</summary>
    public virtual byte[]? SignOfLife => null;

    /// <summary>The path and query of the request.</summary>
    public abstract string Path(Guest guest);

    /// <summary>The steps after the upgrade, one after the other.</summary>
    public virtual IReadOnlyList<Step> Steps(Guest guest) => [];

    /// <summary>The bytes before and behind a message's text, for each topic in which the guest writes.</summary>
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

/// <summary>A client of a door.</summary>
/// <param name="Name">The user's name.</param>
/// <param name="Group">The group, or null if messages go one to one.</param>
/// <param name="Peer">The recipient, where there is no group.</param>
internal sealed record Guest(string Name, string? Group, string Peer);

/// <param name="Send">The bytes to send first, or null.</param>
/// <param name="Expected">Bytes that the answer contains.</param>
internal sealed record Step(byte[]? Send, byte[] Expected);
