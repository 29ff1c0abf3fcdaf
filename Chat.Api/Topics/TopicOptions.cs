using System.ComponentModel.DataAnnotations;

namespace Chat.Api.Topics;

/// <summary>How a node delivers what comes from the backplane. Bound from <c>Chat:Topics</c>. The node does not start with an invalid value.</summary>
internal sealed class TopicOptions
{
    public const string Section = "Chat:Topics";

    /// <summary>How many threads deliver messages, besides the one that reads them.</summary>
    /// <value>0 to 64. Default 0, which means one per processor, but at least 2 and at most 8.</value>
    [Range(0, 64)]
    public int DeliveryThreads { get; set; }

    /// <summary>How much may wait to be delivered in one topic. Messages beyond it are read from the log once the rest has been
    /// delivered. Anything that is in no log is dropped.</summary>
    /// <value>Bytes, 64 KiB to 1 GiB, at most <see cref="WaitingBytes"/>. Default 4 MiB: some 20,000 short messages.</value>
    /// <remarks>This is deliberately much more than a log holds by default: a queue in memory can still be delivered, while what a
    /// log has forgotten in the meantime is lost.</remarks>
    [Range(64 * 1024, 1024 * 1024 * 1024)]
    public int WaitingBytesPerTopic { get; set; } = 4 * 1024 * 1024;

    /// <summary>The same limit for all topics of the node together.</summary>
    /// <value>Bytes, 1 MiB to 16 GiB. Default 64 MiB.</value>
    [Range(1024 * 1024, 16L * 1024 * 1024 * 1024)]
    public long WaitingBytes { get; set; } = 64 * 1024 * 1024;

    /// <summary>How long a busy topic's messages are gathered between two turns on a thread that no other topic is waiting for. They are
    /// then sent together, with one system call per member.</summary>
    /// <value>0 to 20 ms, whole milliseconds. Default 2 ms. A single message never waits; with 0, none does.</value>
    [Range(typeof(TimeSpan), "00:00:00", "00:00:00.02")]
    public TimeSpan GatherTime { get; set; } = TimeSpan.FromMilliseconds(2);

    /// <summary>How many topics may catch up with their logs at the same time. The others wait for their turn.</summary>
    /// <value>1 to 1,000. Default 32.</value>
    [Range(1, 1000)]
    public int FillsAtOnce { get; set; } = 32;

    /// <summary>The effective number of <see cref="DeliveryThreads"/>.</summary>
    public int Threads => DeliveryThreads > 0 ? DeliveryThreads : Math.Clamp(Environment.ProcessorCount, 2, 8);
}
