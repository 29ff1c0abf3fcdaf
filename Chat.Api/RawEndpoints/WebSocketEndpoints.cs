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

namespace Chat.Api.RawEndpoints;

/// <summary>The raw endpoints: maps paths to topics, and takes a request through the steps to a connection.</summary>
internal sealed class WebSocketEndpoints(
    TopicTable topics, ConnectionTable connections, ConnectionRun life, Admission admission, IBackplane backplane, GroupAccess access,
    PresenceWatches presence, IOptions<AuthOptions> auth)
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        var endpoints = routes.ServiceProvider.GetRequiredService<WebSocketEndpoints>();
        routes.MapGet("/chat/user/{id}", http => PathIds.Read(http, 1) is [var id]
            ? endpoints.AcceptAsync(http, id, [Topic.User(id)], UserReader.Instance) : Refusal.InvalidId.WriteAsync(http));
        routes.MapGet("/chat/group/{groupId}/{userId}", http => PathIds.Read(http, 2) is [var groupId, var userId]
            ? endpoints.AcceptGroupAsync(http, userId, Topic.Group(groupId)) : Refusal.InvalidId.WriteAsync(http));
        routes.MapGet("/chat/all/{id}", http => PathIds.Read(http, 1) is [var id]
            ? endpoints.AcceptAsync(http, id, [Topic.All], AllReader) : Refusal.InvalidId.WriteAsync(http));
        routes.MapGet("/chat/channel/{id}", http => PathIds.Read(http, 1) is [var id]
            ? endpoints.AcceptChannelAsync(http, id) : Refusal.InvalidId.WriteAsync(http));
    }

    private static readonly TopicReader AllReader = new(Topic.All);

    private Task AcceptGroupAsync(HttpContext http, string userId, Topic group) => AcceptAsync(http, userId, [group], new TopicReader(group));

    private async Task AcceptChannelAsync(HttpContext http, string userId)
    {
        var reader = new ChannelReader(topics, backplane, access);
        try
        {
            await AcceptAsync(http, userId, [Topic.User(userId), Topic.All], reader);
        }
        finally
        {
            reader.Leave();
        }
    }

    private async Task AcceptAsync(HttpContext http, string userId, Topic[] wanted, IMessageReader reader)
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
            await SubscribeAsync(http, request, reader);
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

    private async Task SubscribeAsync(HttpContext http, WebSocketRequest request, IMessageReader reader)
    {
        var acquired = new List<LocalTopic>(request.Topics.Length);
        try
        {
            foreach (var topic in request.Topics)
            {
                var refusal = !await access.MayBeInAsync(request.UserId, topic) ? Refusal.NotMember
                    : IsOneTooMany(topic, request.UserId) ? Refusal.TooManyNewTopics : null;
                if (refusal is not null)
                {
                    await refusal.WriteAsync(http);
                    return;
                }

                acquired.Add(await topics.AcquireAsync(topic));
            }

            await RunAsync(http, request, acquired, reader);
        }
        finally
        {
            acquired.ForEach(topics.Release);
        }
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

    private async Task RunAsync(HttpContext http, WebSocketRequest request, List<LocalTopic> acquired, IMessageReader reader)
    {
        // A client may tell others that it is there as soon as it has the 101: from here on nothing may pass it by.
        var before = acquired.ConvertAll(topic => topic.Position);
        var (input, sender) = await WebSocketUpgrade.AcceptAsync(http);
        var connection = new WebSocketConnection(connections.NextNumber(), request.UserId, request.Format, input, sender, connections, topics, backplane)
        {
            ExpiresAt = ChatUser.ExpiresAt(http.User),
        };
        var members = new List<Member>(acquired.Count);
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
                try
                {
                    await JoinAsync(connection, request, acquired, before, members);
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
                members.ForEach(member => member.Topic.Leave(member));
            });
    }

    private async Task JoinAsync(
        WebSocketConnection connection, WebSocketRequest request, List<LocalTopic> acquired, List<(string Epoch, long Offset)> before, List<Member> members)
    {
        for (var i = 0; i < acquired.Count; i++)
        {
            var since = request.Since[i] ?? new LogPosition(before[i].Epoch, before[i].Offset);
            var member = access.IsRestricted(acquired[i].Topic) ? await access.TryJoinAsync(acquired[i], connection, since)
                : (request.Since[i] is null ? acquired[i].TryJoin(connection, before[i]) : null)
                    ?? await TopicReplay.JoinAsync(acquired[i], connection, since, backplane);
            if (member is null)
            {
                connection.Close(CloseReason.LeftGroup); // between the look before the upgrade and this one
                return;
            }

            members.Add(member);
            connection.Presence?.Add(member.Topic.Topic);
        }
    }
}
