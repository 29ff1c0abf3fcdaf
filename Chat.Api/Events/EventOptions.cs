using System.ComponentModel.DataAnnotations;

namespace Chat.Api.Events;

/// <summary>Settings of what a backend is told, and how. Bound from <c>Events</c>. The node does not start with an invalid value. All nodes must have
/// the same settings.</summary>
internal sealed class EventOptions
{
    public const string Section = "Events";

    /// <summary>The URL to which events are posted.</summary>
    /// <value>An absolute http or https URL. Default: none; then nothing is told.</value>
    public string? Url { get; set; }

    /// <summary>The secret that requests are signed with.</summary>
    /// <value>As <see cref="Webhooks.WebhookSignature.Rule"/> says. Needed with a URL.</value>
    public string? Secret { get; set; }

    /// <summary>The topics whose messages are told: patterns such as <c>group:*</c>, <c>user:*</c>, <c>all</c>.</summary>
    public string[] Messages { get; set; } = [];

    /// <summary>The topics, as patterns, of which it is told who comes and goes, whether on the hub or on raw endpoints.</summary>
    public string[] Presence { get; set; } = [];

    /// <summary>Whether to tell which users come online and go offline. A user with any connection, on any node, is online.</summary>
    public bool Online { get; set; }

    /// <summary>Whether to tell which users of the hub join and leave groups.</summary>
    public bool Memberships { get; set; }

    /// <summary>The most events in one request. They are all of one topic.</summary>
    /// <value>1 to 1,000. Default 100.</value>
    [Range(1, 1000)]
    public int BatchLength { get; set; } = 100;

    /// <summary>The most bytes of the events in one request, before they are written as JSON. A single event may have more.</summary>
    /// <value>1 KiB to 16 MiB. Default 256 KiB.</value>
    [Range(1024, 16 * 1024 * 1024)]
    public int BatchBytes { get; set; } = 256 * 1024;

    /// <summary>The most requests that one node makes at once. One topic never has more than one. A quarter of them, at least one, is kept for topics
    /// whose last attempt failed (<see cref="EventPlaces"/>). With a value of 1, that one is additional.</summary>
    /// <value>1 to 256. Default 16.</value>
    [Range(1, 256)]
    public int RequestsAtOnce { get; set; } = 16;

    /// <summary>How long the receiver may take for a request.</summary>
    /// <value>1 second to 1 minute. Default 10 seconds.</value>
    [Range(typeof(TimeSpan), "00:00:01", "00:01:00")]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>The longest pause between two attempts for one topic. The first pause is half a second or less, and each is twice as long as the one
    /// before; all are shortened at random.</summary>
    /// <value>100 ms to 1 hour. Default 30 seconds.</value>
    [Range(typeof(TimeSpan), "00:00:00.1", "01:00:00")]
    public TimeSpan LongestPause { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long an event may be refused before it is dropped. Until then it holds up the later events of its topic. Time in which the receiver
    /// accepts nothing from the node does not count, unless it refuses this event as such.</summary>
    /// <value>1 second to 30 days. Default 1 day.</value>
    [Range(typeof(TimeSpan), "00:00:01", "30.00:00:00")]
    public TimeSpan GiveUpAfter { get; set; } = TimeSpan.FromDays(1);

    /// <summary>The most events that wait for one topic. Beyond that, the oldest are dropped.</summary>
    /// <value>1 to 1,000,000. Default 10,000.</value>
    [Range(1, 1_000_000)]
    public int QueueLength { get; set; } = 10_000;

    /// <summary>The most bytes of the events that wait for one topic.</summary>
    /// <value>64 KiB to 1 GiB. Default 4 MiB.</value>
    [Range(64 * 1024, 1024 * 1024 * 1024)]
    public int QueueBytes { get; set; } = 4 * 1024 * 1024;

    /// <summary>The most bytes of all waiting events, approximately. Each of the <see cref="Redis.EventMarks.Partitions"/> partitions of the topics
    /// has its share; beyond it, the oldest events of the topic with the most bytes are dropped.</summary>
    /// <value>2 MiB to 1 TiB, and at least as many times <see cref="QueueBytes"/> as there are partitions. Default 256 MiB.</value>
    [Range(typeof(long), "2097152", "1099511627776")]
    public long TotalBytes { get; set; } = 256 * 1024 * 1024;
}
