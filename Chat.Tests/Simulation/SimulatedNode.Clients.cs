using System.Globalization;
using Chat.Api.Backplane;
using Chat.Api.Connections;
using Chat.Api.Hubs;
using Chat.Api.Messages;
using Chat.Api.Presence;
using Chat.Api.Topics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.SignalR;
using Microsoft.Extensions.Primitives;

namespace Chat.Tests.Simulation;

// The work of the two kinds of endpoints for a client.
internal sealed partial class SimulatedNode
{
    /// <summary>Accepts a client of the hub, like <see cref="HubEndpoint"/>.</summary>
    public void AcceptHub(SimulatedConnection connection) => Process.Run(() =>
    {
        Begin(connection);
        connection.Hub = new HubClient(connection, Id + connection.Number, _services) { Access = OpenAccess.Of(connection.UserId) };
        _ = RunHubAsync(connection);
    });

    /// <summary>Accepts a raw client of one topic, like WebSocketEndpoints.</summary>
    public void AcceptRaw(SimulatedConnection connection, Topic topic, bool watches) => Process.Run(() =>
    {
        Begin(connection);
        _ = RunRawAsync(connection, topic, watches);
    });

    /// <summary>Called when the client has gone and the node learns of it.</summary>
    public void Leave(SimulatedConnection connection)
    {
        connection.Socket.Leave();
        if (!Process.IsDead)
        {
            Process.Run(() =>
            {
                connection.Over();
                EndIfOver(connection);
            });
        }
    }

    /// <inheritdoc cref="SimulatedHubContext.FailsAfter"/>
    public int? SignalsFailAfter { set => _signals.FailsAfter = value; }

    /// <summary>Whether a client of the hub hears a group's signals.</summary>
    public bool HearsSignals(HubClient client, string group) => _signals.IsIn(client.ConnectionId, Names.Group(group));

    public void Publish(SimulatedConnection connection, Topic topic, string id, Action<bool> done) => Process.Run(() => _ = PublishAsync(connection, topic, id, done));

    public void Join(SimulatedConnection connection, string group) => Process.Run(() => _ = JoinAsync(connection, group));

    public void LeaveGroup(SimulatedConnection connection, string group) => Process.Run(() => _ = LeaveGroupAsync(connection, group));

    /// <summary>Publishes a message that belongs to no client.</summary>
    public void Probe(Topic topic) => Process.Run(() => Backplane.Publish(
        new Publication { Kind = topic.Kind, Topic = topic.Utf8Name.Span, From = "probe"u8, Msg = "probe"u8 }, new PublishOutcome()));

    /// <summary>Deletes a message, for a backend.</summary>
    public void Delete(Said message) => Process.Run(() =>
    {
        var topic = Topic.Parse(message.Topic)!;
        Backplane.Publish(
            new Publication
            {
                Kind = topic.Kind,
                Topic = topic.Utf8Name.Span,
                From = "backend"u8,
                Msg = System.Text.Encoding.ASCII.GetBytes(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{message.Epoch}:{message.Offset}")),
                IsDeletion = true,
            },
            new PublishOutcome());
    });

    private void Begin(SimulatedConnection connection)
    {
        _open.Add(connection);
        Connections.Add(connection);
    }

    private async Task RunHubAsync(SimulatedConnection connection)
    {
        var client = connection.Hub!;
        await _memberships.TakeUpAsync(client, Positions(connection.Since));
        foreach (var topic in connection.Since.Keys.ToArray())
        {
            if (!client.TryFind(topic[6..], out _))
            {
                connection.Since.Remove(topic); // no longer in it, so nothing will be sent for it
            }
        }

        connection.IsOpen = true;
        await _memberships.EnterAsync(client);
        connection.Enqueue(SimulatedFormat.Line($"E - - 0 -"));
        connection.LeaveAll = client.End;
        EndIfOver(connection);
    }

    private async Task RunRawAsync(SimulatedConnection connection, Topic topic, bool watches)
    {
        LocalTopic? local = null;
        var watched = watches && Presence is { } presence ? new ConnectionWatches(presence.Watches, connection) : null;
        try
        {
            local = await _topics.AcquireAsync(topic);
            LogPosition? since = connection.Since.TryGetValue(topic.Name, out var known) ? known : null;
            var before = local.Position;
            connection.Member = (since is null ? local.TryJoin(connection, before) : null)
                ?? await TopicReplay.JoinAsync(local, connection, since ?? new LogPosition(before.Epoch, before.Offset), Backplane);
            watched?.Add(topic);
        }
        catch (BackplaneUnavailableException)
        {
            connection.Close(CloseReason.TryLater);
        }

        connection.IsOpen = true;
        connection.Enqueue(SimulatedFormat.Line($"E - - 0 -"));
        connection.LeaveAll = () =>
        {
            watched?.End();
            connection.Member?.Topic.Leave(connection.Member);
            if (local is not null)
            {
                _topics.Release(local);
            }
        };
        EndIfOver(connection);
    }

    private void EndIfOver(SimulatedConnection connection)
    {
        if (connection.IsOver && connection.LeaveAll is { } leave)
        {
            connection.LeaveAll = null;
            leave();
            Connections.Remove(connection, CloseReason.Vanished);
            _open.Remove(connection);
        }
    }

    private async Task PublishAsync(SimulatedConnection connection, Topic topic, string id, Action<bool> done)
    {
        try
        {
            var outcome = new PublishOutcome();
            Backplane.Publish(
                new Publication
                {
                    Kind = topic.Kind,
                    Topic = topic.Utf8Name.Span,
                    From = JsonText.Escape(connection.UserId),
                    Msg = JsonText.Escape(id),
                    MsgId = System.Text.Encoding.ASCII.GetBytes(id),
                },
                outcome);
            var answer = await outcome.Task;
            Model.OnAnswered(topic.Name, answer.Epoch, answer.Offset, id);
            done(true);
        }
        catch (BackplaneUnavailableException)
        {
            done(false);
        }
    }

    private async Task JoinAsync(SimulatedConnection connection, string group)
    {
        var topic = "group:" + group;
        try
        {
            var generation = await _memberships.JoinAsync(connection.Hub!, group);
            var answer = await _memberships.AddAsync(connection.Hub!, group, generation, since: null);
            connection.Enqueue(SimulatedFormat.Line($"J {topic} {answer.Epoch} {answer.Offset} -"));
        }
        catch (HubException)
        {
            connection.Enqueue(SimulatedFormat.Line($"F {topic} - 0 -"));
        }
    }

    private async Task LeaveGroupAsync(SimulatedConnection connection, string group)
    {
        try
        {
            var mark = await _memberships.MarkLeftAsync(connection.Hub!, group);
            await _memberships.RemoveAsync(connection.Hub!, group, mark);
        }
        catch (HubException)
        {
            // The client may try again.
        }
    }

    private static HubPositions Positions(Dictionary<string, LogPosition> since)
    {
        var text = string.Join(',', since.Select(one => string.Create(CultureInfo.InvariantCulture, $"{one.Key[6..]}:{one.Value.Epoch}:{one.Value.Offset}")));
        return HubPositions.TryParse(new QueryCollection(new Dictionary<string, StringValues> { ["since"] = text }), out var positions)
            ? positions
            : throw new InvalidOperationException(text);
    }
}
