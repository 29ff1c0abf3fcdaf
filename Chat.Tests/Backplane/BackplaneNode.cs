using System.Text;
using Chat.Api.Backplane;
using Chat.Api.Messages;
using Chat.Tests.Support;

namespace Chat.Tests.Backplane;

/// <summary>The backplane of one node, with a listener that keeps everything it receives.</summary>
internal abstract class BackplaneNode
{
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(15); // only a failing test waits this long

    public abstract IBackplane Backplane { get; }

    public RecordingListener Listener { get; } = new();

    /// <summary>Timeouts long enough that a busy machine is not taken for a fault.</summary>
    public static BackplaneOptions PatientOptions() => new()
    {
        CommandTimeout = TimeSpan.FromSeconds(10),
        SilenceLimit = TimeSpan.FromSeconds(30),
        TopicMessagesPerSecond = 0,
        TopicBytesPerSecond = 0,
    };

    public Task<Outcome> PublishAsync(Topic topic, string msg, string id = "", string from = "1", string signal = "", bool isRemoval = false, bool isDeletion = false)
    {
        var outcome = new Outcome();
        Backplane.Publish(new Publication
        {
            Kind = topic.Kind,
            Topic = topic.Utf8Name.Span,
            From = Encoding.UTF8.GetBytes(from),
            Msg = Encoding.UTF8.GetBytes(msg),
            MsgId = Encoding.UTF8.GetBytes(id),
            Signal = Encoding.UTF8.GetBytes(signal),
            IsRemoval = isRemoval,
            IsDeletion = isDeletion,
        }, outcome);
        return outcome.Task.WaitAsync(Deadline);
    }

    /// <summary>Deletes the message at a position.</summary>
    public Task<Outcome> DeleteAsync(Topic topic, string epoch, long offset) =>
        PublishAsync(topic, string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{epoch}:{offset}"), from: "mod", isDeletion: true);

    /// <summary>Publishes until it succeeds, like a client that is told to retry.</summary>
    public async Task<Outcome> PublishAnyhowAsync(Topic topic, string msg, string id)
    {
        Outcome? outcome = null;
        await Eventually.TrueAsync(async () => (outcome = await PublishAsync(topic, msg, id)).IsPublished);
        return outcome!;
    }

    public async Task<Heard[]> ReadAsync(Topic topic, string epoch, long since, int limit = 1000)
    {
        var page = await Backplane.ReadAsync(topic, epoch, since, limit);
        return [.. page.Envelopes.Select(envelope => Heard.Parse(topic.Name, envelope))];
    }
}
