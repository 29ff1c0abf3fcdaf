using System.IO.Pipelines;
using System.Security.Claims;
using Chat.Api.Access;
using Chat.Api.Admissions;
using Chat.Api.Backplane;
using Chat.Api.Auth;
using Chat.Api.Connections;
using Chat.Api.Messages;
using Chat.Api.Nodes;
using Chat.Api.WebSockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Connections;
using Microsoft.AspNetCore.SignalR;
using Microsoft.Extensions.Options;
using ServiceDefaults;
using ServiceDefaults.Nodes;

namespace Chat.Api.Hubs;

/// <summary>The steps from a request to a hub connection.</summary>
/// <remarks>
/// <para>This class accepts WebSockets itself, with or without a negotiation before. It does not need what a negotiation left waiting on some node,
/// so any node can take the WebSocket. The leftover ends by itself after some seconds.</para>
/// <para>SignalR handles negotiation, server-sent events and long polling. Their requests have to reach the node of the negotiation.</para>
/// </remarks>
internal sealed partial class HubEndpoint(
    ConnectionDelegate hub, ConnectionTable connections, ConnectionRun life, StoppedEdges edges, Admission admission, AccessTable rights, HubServices services, HubMemberships memberships,
    IOptions<HubOptions> options, ILogger<HubEndpoint> logger)
{
    private static readonly Refusal InvalidSince = new(400, "The query parameter since is {group}:{epoch}:{offset}, separated by commas; since.user is {epoch}:{offset}; positions is true or false.");

    private static readonly Refusal OtherUser = new(403, "This connection is another user's.");

    private static readonly TimeSpan DefaultHandshakeTimeout = TimeSpan.FromSeconds(15); // SignalR's

    // A refused connection takes no place in the counts, so it must not stay for long.
    private static readonly TimeSpan RefusalPatience = TimeSpan.FromSeconds(5);

    private readonly HubStreamOwners _owners = new();

    /// <summary>Whether the request is for <see cref="AcceptAsync"/>, not for SignalR's transports.</summary>
    public static bool IsWebSocket(HttpContext http) => WebSocketUpgrade.IsRequested(http);

    /// <summary>Handles a WebSocket from its upgrade to its end.</summary>
    public async Task AcceptAsync(HttpContext http)
    {
        var userId = ChatUser.IdOf(http.User)!; // the endpoint demands authorization
        var refusal = !HubPositions.TryParse(http.Request.Query, out var since) ? InvalidSince
            : !WebSocketUpgrade.IsSupportedVersion(http) ? Refusal.Version
            : await admission.EnterAsync(userId);
        if (refusal is not null)
        {
            await refusal.WriteAsync(http);
            return;
        }

        ConnectionAccess? access = null;
        var isRunning = false;
        try
        {
            access = await rights.EnterAsync(userId, http.User);
            if (Refuse(access) is { } forbidden)
            {
                await forbidden.WriteAsync(http);
                return;
            }

            var (user, expiresAt, edge) = (ChatUser.NameOf(http.User), ChatUser.ExpiresAt(http.User), EdgeStop.EdgeOf(http));
            if (await WebSocketUpgrade.AcceptAsync(http) is not var (source, sender))
            {
                return; // the client went away during the answer
            }

            var socket = new HubSocket(connections.NextNumber(), userId, source, sender, connections) { ExpiresAt = expiresAt, Edge = edge };
            isRunning = true; // and from here on it gives back by itself what it holds
            var running = ConnectionRun.StartApart(() => RunSocketAsync(socket, access, user, since));
            if (!socket.OutlivesRequest)
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
                access?.Dispose();
                admission.Leave(userId);
            }
        }
    }

    // Uses nothing of the request, which may have ended long before.
    private async Task RunSocketAsync(HubSocket socket, ConnectionAccess access, ClaimsPrincipal user, HubPositions since)
    {
        var context = new DefaultConnectionContext(NewConnectionId()) { Transport = socket, User = user };
        context.Features.Set<IConnectionHeartbeatFeature>(socket);
        var reading = Task.FromResult(CloseReason.Vanished);
        try
        {
            await RunAsync(
                context, socket, access, since,
                () =>
                {
                    var settling = SettleAsync(socket.Input, socket.Speak);
                    reading = socket.ReadAsync(); // only now, so that no input bypasses the settling
                    return settling;
                },
                isSettled => isSettled ? RunAsync(context, socket, reading) : TakeNoMoreAsync(socket, reading));
        }
        finally
        {
            socket.Disconnect();
            access.Dispose();
            admission.Leave(socket.UserId);
        }
    }

    /// <summary>Handles a request of SignalR's own transports, other than a negotiation.</summary>
    public async Task TransportAsync(HttpContext http, RequestDelegate transports)
    {
        var (id, userId) = (HubConnectionId.Of(http), ChatUser.IdOf(http.User)!);
        if (!_owners.MayUse(id, userId))
        {
            await OtherUser.WriteAsync(http);
            return;
        }

        HubStreamOwner? begun = null;
        if (HttpMethods.IsGet(http.Request.Method) && id.Length > 0)
        {
            // Begins before SignalR gets the request: the next request may come before the connection runs, and its user and edge already matter.
            var owner = _owners.Begin(id, userId, EdgeStop.EdgeOf(http), out var isNew);
            begun = isNew ? owner : null;
            if (owner.UserId != userId)
            {
                await OtherUser.WriteAsync(http); // another user was quicker by a moment
                return;
            }

            if (!isNew)
            {
                Move(owner, EdgeStop.EdgeOf(http));
            }
        }

        HubConnectionId.Restore(http);
        var isTaken = false;
        try
        {
            await transports(http);
            isTaken = http.Response.StatusCode == StatusCodes.Status200OK;
        }
        finally
        {
            if (begun is { IsRunning: false } && !isTaken)
            {
                _owners.Remove(id, begun); // no connection came of it
            }
        }
    }

    private void Move(HubStreamOwner owner, string? edge)
    {
        if (owner.MoveTo(edge) is { } stream && edges.Contains(edge))
        {
            stream.Close(CloseReason.EdgeDraining); // this connection belonged to another edge when that edge's connections were closed
        }
    }

    /// <summary>Runs a connection of SignalR's own transports.</summary>
    public async Task RunStreamAsync(ConnectionContext context)
    {
        var http = context.GetHttpContext()!;
        var user = context.Features.Get<IConnectionUserFeature>()!.User!;
        var userId = ChatUser.IdOf(user)!;
        var id = HubConnectionId.Of(http);
        var owner = _owners.Begin(id, userId, EdgeStop.EdgeOf(http), out _);
        owner.IsRunning = true;
        try
        {
            await RunStreamAsync(context, http, user, owner);
        }
        finally
        {
            _owners.Remove(id, owner);
        }
    }

    private async Task RunStreamAsync(ConnectionContext context, HttpContext http, ClaimsPrincipal user, HubStreamOwner owner)
    {
        var userId = owner.UserId;
        var refusal = HubPositions.TryParse(http.Request.Query, out var since) ? await admission.EnterAsync(userId) : InvalidSince;
        if (refusal is not null)
        {
            await RefuseAsync(context, refusal);
            return;
        }

        ConnectionAccess? access = null;
        try
        {
            access = await rights.EnterAsync(userId, user);
            if (Refuse(access) is { } forbidden)
            {
                await RefuseAsync(context, forbidden);
                return;
            }

            await RunStreamAsync(context, access, user, owner, since);
        }
        catch (BackplaneUnavailableException) when (access is null)
        {
            await RefuseAsync(context, Refusal.Unavailable);
        }
        finally
        {
            access?.Dispose();
            admission.Leave(userId);
        }
    }

    // The connection's requests were answered already, so only a refused handshake can still tell the client. The client must have sent its handshake
    // first: a connection that ends before that looks broken to the client and tells it nothing.
    private async Task RefuseAsync(ConnectionContext context, Refusal refusal)
    {
        await HubHandshake.ReadAsync(context.Transport.Input, static _ => { }, RefusalPatience, connections.Time);
        await context.Transport.Output.WriteAsync(HubFormat.Of(null, isFramed: false).HandshakeError(refusal.Text, mayReconnect: refusal.Status is 429 or 503).Memory);
    }

    private static Refusal? Refuse(ConnectionAccess access)
    {
        if (access is { Ban: null, MayConnect: true })
        {
            return null;
        }

        access.Metrics.Refused(Rights.Connect);
        return access.Ban is { } ban ? Refusal.Banned(ban.Until) : access.IsUnanswered ? Refusal.NotKnown : Refusal.NotWanted;
    }

    private async Task RunStreamAsync(ConnectionContext context, ConnectionAccess access, ClaimsPrincipal user, HubStreamOwner owner, HubPositions since)
    {
        var transport = context.Transport;
        var stream = new HubStream(connections.NextNumber(), owner.UserId, context, connections) { ExpiresAt = ChatUser.ExpiresAt(user) };
        owner.Enter(stream);
        context.Transport = stream;
        try
        {
            await RunAsync(
                context, stream, access, since,
                () => SettleAsync(transport.Input, stream.Speak),
                async isSettled =>
                {
                    try
                    {
                        await (isSettled ? hub(context) : Task.CompletedTask);
                    }
                    finally
                    {
                        stream.End();
                    }

                    return stream.Reason;
                });
        }
        finally
        {
            context.Transport = transport; // SignalR ends this transport, and waits for its end, once this method returns
        }
    }

    private Task<bool> SettleAsync(PipeReader input, Action<string?> settle) =>
        HubHandshake.ReadAsync(input, settle, options.Value.HandshakeTimeout ?? DefaultHandshakeTimeout, connections.Time);

    private async Task RunAsync(
        ConnectionContext context, Connection connection, ConnectionAccess access, HubPositions since, Func<Task<bool>> settleProtocol, Func<bool, Task<CloseReason>> run)
    {
        var client = new HubClient(connection, context.ConnectionId, services) { Access = access };
        context.Features.Set(client);
        await life.RunAsync(
            connection,
            async () =>
            {
                access.Attach(connection, client);
                var isSettled = await settleProtocol();
                if (isSettled)
                {
                    await memberships.TakeUpAsync(client, since);
                    connections.Users.Of(client.UserId).Enter(client.Groups);
                }
                else
                {
                    connection.Close(CloseReason.NoHandshake);
                }

                return await run(isSettled);
            },
            client.End);
    }

    private async Task<CloseReason> RunAsync(ConnectionContext context, HubSocket socket, Task<CloseReason> reading)
    {
        var running = hub(context);
        await Task.WhenAny(running, reading);
        if (running.IsCompleted)
        {
            await socket.Input.CompleteAsync(); // otherwise the reading could wait forever for its input to be consumed
        }

        // Has no effect if the socket is over, or closing, for another reason. The hub faults when the backplane of signals has no Redis.
        socket.Close(running.IsFaulted ? CloseReason.TryLater : CloseReason.HubEnded);
        var reason = await reading;
        await running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (running.Exception is { InnerException: { } failure } && admission.Busy() is null)
        {
            Log.Failed(logger, failure, socket.Number);
        }

        return reason;
    }

    private static async Task<CloseReason> TakeNoMoreAsync(HubSocket socket, Task<CloseReason> reading)
    {
        await socket.Input.CompleteAsync(); // as above: frames that came together with an invalid handshake are still read
        return await reading;
    }

    /// <summary>Handles a negotiation. Refuses it for the reasons for which the connection would be refused, as far as they are known.</summary>
    /// <remarks>A browser does not tell a page why its WebSocket was refused. The client asks here.</remarks>
    public async Task NegotiateAsync(HttpContext http, RequestDelegate transports)
    {
        var refusal = HubPositions.TryParse(http.Request.Query, out _) ? admission.Busy() ?? admission.Begin(ChatUser.IdOf(http.User)!) ?? await WhyNotAsync(http) : InvalidSince;
        await (refusal?.WriteAsync(http) ?? transports(http));
    }

    private async Task<Refusal?> WhyNotAsync(HttpContext http)
    {
        try
        {
            using var access = await rights.EnterAsync(ChatUser.IdOf(http.User)!, http.User);
            return Refuse(access);
        }
        catch (BackplaneUnavailableException)
        {
            return Refusal.Unavailable;
        }
    }

    private static string NewConnectionId() => Convert.ToBase64String(System.Security.Cryptography.RandomNumberGenerator.GetBytes(16)).TrimEnd('=');

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Error, EventName = "HubConnectionFailed", Message = "Hub connection {Number} failed.")]
        public static partial void Failed(ILogger logger, Exception exception, long number);
    }
}
