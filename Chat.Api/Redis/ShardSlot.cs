using System.Text;

namespace Chat.Api.Redis;

/// <summary>The channels of one slot that this node wants, and where it listens to them. Guarded by the lock of <see cref="ShardSubscriptions"/>.</summary>
internal sealed class ShardSlot
{
    /// <summary>By their bytes as Latin-1.</summary>
    public Dictionary<string, ShardChannel> Channels { get; } = new(StringComparer.Ordinal);

    /// <summary>The link to the server that owns the slot, as far as is known; null: no server does, until the next tick.</summary>
    public ShardLink? Link { get; private set; }

    /// <summary>How often the slot was sent elsewhere since the last tick.</summary>
    public int Moves { get; set; }

    /// <summary>For how many ticks some channel of the slot has not been heard.</summary>
    public int TicksDeaf { get; set; }

    /// <summary>From now on, the slot is listened to over this link.</summary>
    public void Place(ShardLink? link)
    {
        Link = link;
        foreach (var channel in Channels.Values)
        {
            channel.Lost();
        }

        Ask();
    }

    /// <summary>Subscribes to the channels that have not been asked for. Subscriptions that cannot be sent now are sent at a later tick, or when
    /// the link is up.</summary>
    public void Ask()
    {
        const int ChannelsPerCommand = 256;
        if (Link is null)
        {
            return;
        }

        foreach (var chunk in Channels.Where(static channel => !channel.Value.IsAsked).Chunk(ChannelsPerCommand))
        {
            if (!Link.TrySubscribe([.. chunk.Select(static channel => Encoding.Latin1.GetBytes(channel.Key))]))
            {
                return;
            }

            foreach (var (_, channel) in chunk)
            {
                channel.IsAsked = true;
            }
        }
    }
}

/// <param name="confirmation">Completes when the channel is heard for the first time.</param>
internal sealed class ShardChannel(TaskCompletionSource confirmation)
{
    public TaskCompletionSource Confirmation => confirmation;

    /// <summary>Whether the present server has been asked.</summary>
    public bool IsAsked { get; set; }

    /// <summary>Whether that server has confirmed.</summary>
    public bool IsHeard { get; private set; }

    /// <summary>Returns whether the channel was heard before, and is heard again now.</summary>
    public bool Confirmed()
    {
        var isAgain = !IsHeard && confirmation.Task.IsCompleted;
        IsHeard = true;
        confirmation.TrySetResult();
        return isAgain;
    }

    public void Lost() => IsAsked = IsHeard = false;
}
