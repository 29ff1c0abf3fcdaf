using System.Diagnostics.Metrics;
using ServiceDefaults;

namespace Chat.Api.Presence;

/// <summary>The metrics of presence, in the <c>Chat</c> meter.</summary>
internal sealed class PresenceMetrics
{
    private readonly Counter<long> _reported;
    private readonly Counter<long> _told;
    private readonly Counter<long> _swept;

    public PresenceMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(ChatTelemetry.Name);
        _reported = meter.CreateCounter<long>("chat.presence.reported", "{user}", "Users reported as having come, gone, or changed their number of connections.");
        _told = meter.CreateCounter<long>("chat.presence.told", "{frame}", "Presence frames put into outboxes.");
        _swept = meter.CreateCounter<long>("chat.presence.swept", "{node}", "Dead nodes whose users this node has taken out of presence.");
    }

    public void Reported(int users) => _reported.Add(users);

    public void Told(int frames) => _told.Add(frames);

    public void Swept() => _swept.Add(1);
}
