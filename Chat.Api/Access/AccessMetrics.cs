using System.Diagnostics.Metrics;
using Chat.Api.Messages;
using ServiceDefaults;

namespace Chat.Api.Access;

/// <summary>The metrics of access, in the <c>Chat</c> meter.</summary>
internal sealed class AccessMetrics
{
    private readonly Counter<long> _refused;
    private readonly Counter<long> _lost;
    private readonly Counter<long> _sanctions;
    private readonly Histogram<double> _asked;

    public AccessMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(ChatTelemetry.Name);
        _refused = meter.CreateCounter<long>("chat.access.refused", "{request}", "What users wanted to do and may not, by what that was.");
        _lost = meter.CreateCounter<long>("chat.access.lost", "{member}", "Connections taken out of a topic because the right to be in it was gone.");
        _sanctions = meter.CreateCounter<long>("chat.access.sanctions", "{sanction}", "Bans and mutes put on by way of this node.");
        _asked = meter.CreateHistogram<double>("chat.access.asked", "s", "Questions to the webhook: how long they took, turns and repetitions included, and whether there was an answer.");
    }

    public void Asked(TimeSpan took, bool isAnswered) => _asked.Record(took.TotalSeconds, new KeyValuePair<string, object?>("answered", isAnswered));

    /// <param name="right">The refused rights, of which the first is counted.</param>
    public void Refused(Rights right) => _refused.Add(1, new KeyValuePair<string, object?>("right", RightNames.Of(right).First()));

    public void Lost() => _lost.Add(1);

    public void Sanctioned(SanctionKind kind) => _sanctions.Add(1, new KeyValuePair<string, object?>("kind", kind == SanctionKind.Ban ? "ban" : "mute"));
}
