using System.Collections.Concurrent;
using Chat.Api.Access;
using Chat.Api.Connections;
using Chat.Api.Messages;
using Microsoft.AspNetCore.SignalR;

namespace Chat.Api.Hubs;

// What its user may do.
internal sealed partial class HubClient : IAccessDoor
{
    private ConcurrentQueue<Func<HubFormat, Frame>>? _untold; // before EnterAsync nothing is sent to it; most never need one

    public required ConnectionAccess Access { get; init; }

    /// <summary>Refuses a call that its user may not make.</summary>
    /// <exception cref="Microsoft.AspNetCore.SignalR.HubException">The user may not.</exception>
    public ValueTask CheckAsync(Topic topic, Rights rights)
    {
        var asking = Access.RightsAsync(topic);
        if (!asking.IsCompletedSuccessfully)
        {
            return AnsweredAsync();
        }

        Check(topic, rights, asking.Result);
        return ValueTask.CompletedTask;

        async ValueTask AnsweredAsync() => Check(topic, rights, await asking);
    }

    public async ValueTask<bool> MayAsync(Topic topic, Rights rights) => (await Access.RightsAsync(topic)).HasFlag(rights);

    void IAccessDoor.OnLost(Topic topic) => TellForbidden(topic);

    void IAccessDoor.OnPresenceLost(Topic topic) => Volatile.Read(ref _presence)?.Remove(topic);

    private void Check(Topic topic, Rights wanted, Rights granted)
    {
        if ((wanted & ~granted) is not Rights.None and var missing)
        {
            Access.Metrics.Refused(missing);
            throw Refused(topic, missing);
        }
    }

    private HubException Refused(Topic topic, Rights missing) =>
        Access.IsUnansweredIn(topic, missing) ? HubError.Unanswered() : HubError.Forbidden(Access.Until(topic, missing));

    /// <summary>Its user leaves a group, or had left it before this connection was put into it by a later joining: then it is told nothing, lest the
    /// client takes it for the end of that.</summary>
    public void Mirror(string group, long generation)
    {
        if (!TryFind(group, out var member) || member!.Generation <= generation)
        {
            Tell(format => format.Mirror(group));
        }
    }

    private void TellForbidden(Topic topic)
    {
        var until = Access.Until(topic, Rights.Join);
        Tell(format => format.Forbidden(topic, until)!);
    }

    private void Tell(Func<HubFormat, Frame> frame)
    {
        LazyInitializer.EnsureInitialized(ref _untold).Enqueue(frame);
        if (Volatile.Read(ref _isOpen) == 1)
        {
            TellUntold();
        }
    }

    private void TellUntold()
    {
        while (Volatile.Read(ref _untold) is { } untold && untold.TryDequeue(out var one))
        {
            Connection.Enqueue(one((HubFormat)Connection.Format));
        }
    }

    private bool May(Topic topic, Rights right) => Access.TryKnow(topic.Utf8Name.Span, out var rights) && (rights & right) != 0;
}
