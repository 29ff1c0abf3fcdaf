using System.ComponentModel.DataAnnotations;

namespace Chat.Api.Topics;

/// <summary>How a node delivers what comes from the backplane. Bound from <c>Chat:Topics</c>; invalid values stop the start.</summary>
internal sealed class TopicOptions
{
    public const string Section = "Chat:Topics";

    /// <summary>Threads that deliver, beside the one that reads.</summary>
    /// <value>0 to 64. Default 0: as many as there are processors, but 2 to 8.</value>
    [Range(0, 64)]
    public int DeliveryThreads { get; set; }

    /// <summary>What may wait to be delivered in one topic. Messages beyond it are read from the log once the rest is
    /// delivered; what is in no log is dropped.</summary>
    /// <value>Bytes, 64 KiB to 1 GiB, at most <see cref="WaitingBytes"/>. Default 4 MiB: some 20,000 short messages.</value>
    /// <remarks>Much more than a log holds by default, on purpose: a queue in memory can be delivered, while what a log has
    /// forgotten meanwhile is lost.</remarks>
    [Range(64 * 1024, 1024 * 1024 * 1024)]
    public int WaitingBytesPerTopic { get; set; } = 4 * 1024 * 1024;

    /// <summary>The same for all topics of the node together.</summary>
    /// <value>Bytes, 1 MiB to 16 GiB. Default 64 MiB.</value>
    [Range(1024 * 1024, 16L * 1024 * 1024 * 1024)]
    public long WaitingBytes { get; set; } = 64 * 1024 * 1024;

    /// <summary>How long a busy topic's messages gather between two turns at a thread that nobody else waits for: they then go out
    /// together, to each member in one system call.</summary>
    /// <value>0 to 20 ms, whole milliseconds. Default 2 ms; what comes alone never waits. 0: never wait.</value>
    [Range(typeof(TimeSpan), "00:00:00", "00:00:00.02")]
    public TimeSpan GatherTime { get; set; } = TimeSpan.FromMilliseconds(2);

    /// <summary>Topics that catch up with their logs at the same time; the others wait for their turn.</summary>
    /// <value>1 to 1,000. Default 32.</value>
    [Range(1, 1000)]
    public int FillsAtOnce { get; set; } = 32;

    /// <summary><see cref="DeliveryThreads"/>, put in numbers.</summary>
    public int Threads => DeliveryThreads > 0 ? DeliveryThreads : Math.Clamp(Environment.ProcessorCount, 2, 8);
}
