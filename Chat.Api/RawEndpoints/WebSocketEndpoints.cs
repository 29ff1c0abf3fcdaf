using Chat.Api.Access;
using Chat.Api.Admissions;
using Chat.Api.Auth;
using Chat.Api.Backplane;
using Chat.Api.Connections;
using Chat.Api.Messages;
using Chat.Api.Presence;
using Chat.Api.WebSockets;
using Microsoft.Extensions.Options;
using ServiceDefaults.Nodes;

namespace Chat.Api.RawEndpoints;

/// <summary>The raw endpoints: maps paths to topics, and takes a request through the steps to a connection.</summary>
internal sealed class WebSocketEndpoints(
    RawServices services, ConnectionTable connections, AccessTable rights, PresenceWatches presence, IOptions<AuthOptions> auth)
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        var endpoints = routes.ServiceProvider.GetRequiredService<WebSocketEndpoints>();
        routes.MapGet("/chat/user/{id}", http => PathIds.Read(http, 1) is [var id]
            ? endpoints.AcceptAsync(http, id, [Topic.User(id)], static (_, _) => UserReader.Instance) : Refusal.InvalidId.WriteAsync(http));
        routes.MapGet("/chat/group/{groupId}/{userId}", http => PathIds.Read(http, 2) is [var groupId, var userId]
            ? endpoints.AcceptAsync(http, userId, [Topic.Group(groupId)], static (_, access) => new TopicReader(access[0])) : Refusal.InvalidId.WriteAsync(http));
        routes.MapGet("/chat/all/{id}", http => PathIds.Read(http, 1) is [var id]
            ? endpoints.AcceptAsync(http, id, [Topic.All], static (_, access) => new TopicReader(access[0])) : Refusal.InvalidId.WriteAsync(http));
        routes.MapGet("/chat/channel/{id}", http => PathIds.Read(http, 1) is [var id]
            ? endpoints.AcceptAsync(http, id, [Topic.User(id), Topic.All], static (raw, access) => new ChannelReader(raw.Topics, raw.Backplane, raw.Members, all: access[1]))
            : Refusal.InvalidId.WriteAsync(http));
    }

    private async Task AcceptAsync(HttpContext http, string userId, Topic[] wanted, Func<RawServices, TopicAccess[], IMessageReader> begin)
    {
        // Everything is refused before the upgrade if possible: a client learns more from a status, and the edge may try another node.
        if (!WebSocketRequest.TryParse(http, userId, wanted, out var request, out var refusal)
            || (refusal = request.WatchesPresence && !wanted.Any(presence.Knows) ? Refusal.NoPresence : null) is not null
            || (refusal = await WebSocketAccess.CheckAsync(http, userId, auth.Value.RequireToken is true) ?? await services.Admission.EnterAsync(userId)) is not null)
        {
            await refusal.WriteAsync(http);
            return;
        }

        var stay = new RawStay(services, userId);
        var isRunning = false;
        try
        {
            var access = stay.Access = await rights.EnterAsync(userId, http.User);
            var reached = new TopicAccess[request.Topics.Length];
            if (await SubscribeAsync(stay, request, access, reached) is { } no)
            {
                await no.WriteAsync(http);
                return;
            }

            // A client may tell others that it is there as soon as it has the 101: from here on, it must miss nothing.
            var before = stay.Positions();
            var reader = begin(services, reached);
            if (await UpgradeAsync(http, request, access) is not { } connection)
            {
                return; // the client left while it was being answered
            }

            isRunning = true; // from here on, the stay itself gives back what it has
            var running = ConnectionRun.StartApart(() => stay.RunAsync(connection, reader, () => JoinAsync(stay, request, reached, before)));
            if (!connection.OutlivesRequest)
            {
                await running;
            }
        }
        catch (BackplaneUnavailableException) when (!http.Response.HasStarted)
        {
            await Refusal.Unavailable.WriteAsync(http);
        }
        finally
        {
            if (!isRunning)
            {
                stay.Leave();
            }
        }
    }

    private async Task<Refusal?> SubscribeAsync(RawStay stay, WebSocketRequest request, ConnectionAccess access, TopicAccess[] reached)
    {
        for (var i = 0; i < reached.Length; i++)
        {
            if (IsOneTooMany(request.Topics[i], request.UserId))
            {
                return Refusal.TooManyNewTopics; // before anybody is asked about it
            }

            reached[i] = await access.ReachAsync(request.Topics[i]);
            if (await RefuseAsync(request, access, reached[i], request.Since[i]) is { } refusal)
            {
                return refusal;
            }

            if (reached[i].May(Rights.Join))
            {
                await stay.AcquireAsync(request.Topics[i]);
            }
        }

        return null;
    }

    private async Task<Refusal?> RefuseAsync(WebSocketRequest request, ConnectionAccess access, TopicAccess topic, LogPosition? since)
    {
        // A channel is for more than the topic all: a user who may not hear that one hears the rest. But if nobody has said no, it has to come again,
        // because it could not join that topic later.
        var isAll = request.Topics.Length == 1;
        var (refusal, right) = access.Ban is { } ban ? (Refusal.Banned(ban.Until), Rights.Connect)
            : !access.MayConnect ? (Refusal.NotWanted, Rights.Connect)
            : !topic.May(Rights.Join) && (isAll || access.IsUndecidedIn(topic.Topic, Rights.Join)) ? (Refusal.Forbidden, Rights.Join)
            : since is not null && !topic.May(Rights.Join | Rights.History) ? (Refusal.NoHistory, Rights.History)
            : isAll && request.WatchesPresence && !topic.May(Rights.Presence) ? (Refusal.NoPresenceFor, Rights.Presence)
            : default;
        if (refusal is not null)
        {
            access.Metrics.Refused(right);
            return (right == Rights.Connect ? access.IsUnanswered : access.IsUnansweredIn(topic.Topic, right)) ? Refusal.NotKnown : refusal;
        }

        return await services.Members.MayBeInAsync(request.UserId, topic.Topic) ? null : Refusal.NotMember;
    }

    // Users do not choose their own topic, so it does not count.
    private bool IsOneTooMany(Topic topic, string userId)
    {
        if (topic.Kind != TopicKind.Group || services.Topics.Knows(topic.Utf8Name.Span) || connections.Users.Of(userId).TakeTopic() == Excess.None)
        {
            return false;
        }

        connections.Metrics.Refused(Excess.UserTopics.Setting());
        return true;
    }

    private async Task<WebSocketConnection?> UpgradeAsync(HttpContext http, WebSocketRequest request, ConnectionAccess access)
    {
        var expiresAt = ChatUser.ExpiresAt(http.User);
        var edge = EdgeStop.EdgeOf(http);
        if (await WebSocketUpgrade.AcceptAsync(http) is not var (source, sender))
        {
            return null;
        }

        var connection = new WebSocketConnection(connections.NextNumber(), request.UserId, request.Format, source, sender, connections, services.Topics, services.Backplane)
        {
            ExpiresAt = expiresAt,
            Access = access,
            Edge = edge,
        };
        connection.Presence = request.WatchesPresence ? new ConnectionWatches(presence, connection) : null;
        return connection;
    }

    private static async Task JoinAsync(RawStay stay, WebSocketRequest request, TopicAccess[] reached, (string Epoch, long Offset)[] before)
    {
        foreach (var (i, topic) in reached.Index())
        {
            await stay.JoinAsync(topic, request.Since[i], before);
        }
    }
}
