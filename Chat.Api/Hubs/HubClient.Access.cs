using System.Collections.Concurrent;
using Chat.Api.Access;
using Chat.Api.Connections;
using Chat.Api.Messages;
using Microsoft.AspNetCore.SignalR;

namespace Chat.Api.Hubs;

// The part about what the connection's user may do.
internal sealed partial class HubClient : IAccessDoor
{
    private ConcurrentQueue<Func<HubFormat, Frame>>? _untold; // frames held back until EnterAsync; most connections never need the queue

    public required ConnectionAccess Access { get; init; }

    /// <summary>Refuses a call that the connection's user may not make.</summary>
    /// <exception cref="Microsoft.AspNetCore.SignalR.HubException">The user may not make the call.</exception>
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

    /// <summary>Tells the client that its user leaves a group. It tells nothing if a later joining has put this connection into the group again, lest
    /// the client take that joining for ended.</summary>
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
