using Chat.Api.Access;
using Chat.Api.Admissions;
using Chat.Api.Auth;
using Chat.Api.Backplane;
using Chat.Api.Connections;
using Chat.Api.Memberships;
using Chat.Api.Messages;
using Chat.Api.Presence;
using Chat.Api.Topics;
using Chat.Api.WebSockets;
using Microsoft.Extensions.Options;
using ServiceDefaults.Nodes;

namespace Chat.Api.RawEndpoints;

/// <summary>The raw endpoints: maps paths to topics, and takes a request through the steps to a connection.</summary>
internal sealed class WebSocketEndpoints(
    TopicTable topics, ConnectionTable connections, ConnectionRun life, Admission admission, AccessTable rights, IBackplane backplane, GroupAccess members,
    PresenceWatches presence, IOptions<AuthOptions> auth)
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        var endpoints = routes.ServiceProvider.GetRequiredService<WebSocketEndpoints>();
        routes.MapGet("/chat/user/{id}", http => PathIds.Read(http, 1) is [var id]
            ? endpoints.AcceptAsync(http, id, [Topic.User(id)], static _ => UserReader.Instance) : Refusal.InvalidId.WriteAsync(http));
        routes.MapGet("/chat/group/{groupId}/{userId}", http => PathIds.Read(http, 2) is [var groupId, var userId]
            ? endpoints.AcceptAsync(http, userId, [Topic.Group(groupId)], static access => new TopicReader(access[0])) : Refusal.InvalidId.WriteAsync(http));
        routes.MapGet("/chat/all/{id}", http => PathIds.Read(http, 1) is [var id]
            ? endpoints.AcceptAsync(http, id, [Topic.All], static access => new TopicReader(access[0])) : Refusal.InvalidId.WriteAsync(http));
        routes.MapGet("/chat/channel/{id}", http => PathIds.Read(http, 1) is [var id]
            ? endpoints.AcceptChannelAsync(http, id) : Refusal.InvalidId.WriteAsync(http));
    }

    private async Task AcceptChannelAsync(HttpContext http, string userId)
    {
        var reader = new ChannelReader(topics, backplane, members);
        try
        {
            await AcceptAsync(http, userId, [Topic.User(userId), Topic.All], access => reader.Begin(all: access[1]));
        }
        finally
        {
            reader.Leave();
        }
    }

    private async Task AcceptAsync(HttpContext http, string userId, Topic[] wanted, Func<TopicAccess[], IMessageReader> begin)
    {
        // Everything is refused before the upgrade if it can be: a client learns more from a status, and the edge may
        // try another node.
        if (!WebSocketRequest.TryParse(http, userId, wanted, out var request, out var refusal)
            || (refusal = request.WatchesPresence && !wanted.Any(presence.Knows) ? Refusal.NoPresence : null) is not null
            || (refusal = await WebSocketAccess.CheckAsync(http, userId, auth.Value.RequireToken is true) ?? await admission.EnterAsync(userId)) is not null)
        {
            await refusal.WriteAsync(http);
            return;
        }

        try
        {
            using var access = await rights.EnterAsync(userId, http.User);
            await SubscribeAsync(http, request, access, begin);
        }
        catch (BackplaneUnavailableException) when (!http.Response.HasStarted)
        {
            await Refusal.Unavailable.WriteAsync(http);
        }
        finally
        {
            admission.Leave(userId);
        }
    }

    private async Task SubscribeAsync(HttpContext http, WebSocketRequest request, ConnectionAccess access, Func<TopicAccess[], IMessageReader> begin)
    {
        var reached = new TopicAccess[request.Topics.Length];
        var acquired = new List<LocalTopic>(request.Topics.Length);
        try
        {
            for (var i = 0; i < reached.Length; i++)
            {
                if (IsOneTooMany(request.Topics[i], request.UserId))
                {
                    await Refusal.TooManyNewTopics.WriteAsync(http); // before anybody is asked about it
                    return;
                }

                reached[i] = await access.ReachAsync(request.Topics[i]);
                if (await RefuseAsync(request, access, reached[i], request.Since[i]) is { } refusal)
                {
                    await refusal.WriteAsync(http);
                    return;
                }

                if (reached[i].May(Rights.Join))
                {
                    acquired.Add(await topics.AcquireAsync(request.Topics[i]));
                }
            }

            await RunAsync(http, request, access, reached, acquired, begin(reached));
        }
        finally
        {
            acquired.ForEach(topics.Release);
        }
    }

    private async Task<Refusal?> RefuseAsync(WebSocketRequest request, ConnectionAccess access, TopicAccess topic, LogPosition? since)
    {
        // A channel is for more than all: who may not hear that, hears the rest.
        var isAll = request.Topics.Length == 1;
        var (refusal, right) = access.Ban is { } ban ? (Refusal.Banned(ban.Until), Rights.Connect)
            : !access.MayConnect ? (Refusal.NotWanted, Rights.Connect)
            : isAll && !topic.May(Rights.Join) ? (Refusal.Forbidden, Rights.Join)
            : since is not null && !topic.May(Rights.Join | Rights.History) ? (Refusal.NoHistory, Rights.History)
            : isAll && request.WatchesPresence && !topic.May(Rights.Presence) ? (Refusal.NoPresenceFor, Rights.Presence)
            : default;
        if (refusal is not null)
        {
            access.Metrics.Refused(right);
            return refusal;
        }

        return await members.MayBeInAsync(request.UserId, topic.Topic) ? null : Refusal.NotMember;
    }

    // A user's own topic is no choice of theirs.
    private bool IsOneTooMany(Topic topic, string userId)
    {
        if (topic.Kind != TopicKind.Group || topics.Knows(topic.Utf8Name.Span) || connections.Users.Of(userId).TakeTopic() == Excess.None)
        {
            return false;
        }

        connections.Metrics.Refused(Excess.UserTopics.Setting());
        return true;
    }

    private async Task RunAsync(
        HttpContext http, WebSocketRequest request, ConnectionAccess access, TopicAccess[] reached, List<LocalTopic> acquired, IMessageReader reader)
    {
        // A client may tell others that it is there as soon as it has the 101: from here on nothing may pass it by.
        var before = acquired.ConvertAll(topic => topic.Position);
        var (input, sender) = await WebSocketUpgrade.AcceptAsync(http);
        var connection = new WebSocketConnection(connections.NextNumber(), request.UserId, request.Format, input, sender, connections, topics, backplane)
        {
            ExpiresAt = ChatUser.ExpiresAt(http.User),
            Access = access,
            Edge = EdgeStop.EdgeOf(http),
        };
        var joined = new List<Member>(acquired.Count);
        connection.Presence = request.WatchesPresence ? new ConnectionWatches(presence, connection) : null;
        connection.Removed = topic =>
        {
            connection.Presence?.Remove(topic);
            reader.OnRemoved(connection);
        };
        await life.RunAsync(
            connection,
            async () =>
            {
                access.Attach(connection, connection);
                try
                {
                    foreach (var (i, topic) in reached.Index())
                    {
                        var at = acquired.FindIndex(one => one.Topic == topic.Topic);
                        await JoinAsync(connection, topic, at < 0 ? null : acquired[at], request.Since[i], at < 0 ? default : before[at], joined);
                    }
                }
                catch (BackplaneUnavailableException)
                {
                    connection.Close(CloseReason.TryLater);
                }

                return await connection.ReadAsync(reader);
            },
            () =>
            {
                connection.Presence?.End();
                joined.ForEach(member => member.Topic.Leave(member));
            });
    }

    private async Task JoinAsync(
        WebSocketConnection connection, TopicAccess access, LocalTopic? topic, LogPosition? since, (string Epoch, long Offset) before, List<Member> joined)
    {
        if (topic is null)
        {
            connection.Forbid(access.Topic, Rights.Join, default);
            return;
        }

        var from = since ?? new LogPosition(before.Epoch, before.Offset);
        var member = members.IsRestricted(topic.Topic) ? await members.TryJoinAsync(topic, connection, from, IsLetIn)
            : since is null && topic.TryJoin(connection, before) is { } live ? (IsLetIn(live) ? live : null)
            : await TopicReplay.JoinAsync(topic, connection, from, backplane, IsLetIn);
        if (member is null)
        {
            connection.CloseFor(access); // between the look before the upgrade and this one
            return;
        }

        connection.Watch(access);

        // Whatever becomes of it, it leaves with the connection.
        bool IsLetIn(Member one)
        {
            joined.Add(one);
            return connection.Access.TryHold(access, one);
        }
    }
}
