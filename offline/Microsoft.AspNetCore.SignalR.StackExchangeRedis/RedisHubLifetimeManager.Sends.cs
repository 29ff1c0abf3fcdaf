using Microsoft.AspNetCore.SignalR.Protocol;
using Microsoft.AspNetCore.SignalR.StackExchangeRedis.Internal;

namespace Microsoft.AspNetCore.SignalR.StackExchangeRedis;

// Sending. A token that is cancelled in time stops it; later, it only ends the waiting for Redis.
public partial class RedisHubLifetimeManager<THub>
{
    public override Task SendAllAsync(string methodName, object?[] args, CancellationToken cancellationToken = default) =>
        PublishAsync(_channels.All, FrameWriter.Signal(_serializer.Call(methodName, args)), cancellationToken);

    public override Task SendAllExceptAsync(
        string methodName, object?[] args, IReadOnlyList<string> excludedConnectionIds, CancellationToken cancellationToken = default) =>
        PublishAsync(_channels.All, FrameWriter.Signal(_serializer.Call(methodName, args), excludedConnectionIds), cancellationToken);

    public override Task SendGroupAsync(string groupName, string methodName, object?[] args, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(groupName);
        return PublishAsync(_channels.Group(groupName), FrameWriter.Signal(_serializer.Call(methodName, args)), cancellationToken);
    }

    public override Task SendGroupExceptAsync(
        string groupName, string methodName, object?[] args, IReadOnlyList<string> excludedConnectionIds, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(groupName);
        return PublishAsync(
            _channels.Group(groupName), FrameWriter.Signal(_serializer.Call(methodName, args), excludedConnectionIds), cancellationToken);
    }

    public override Task SendGroupsAsync(
        IReadOnlyList<string> groupNames, string methodName, object?[] args, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(groupNames);
        return PublishAsync(groupNames, _channels.Group, methodName, args, cancellationToken);
    }

    public override Task SendUserAsync(string userId, string methodName, object?[] args, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(userId);
        return PublishAsync(_channels.User(userId), FrameWriter.Signal(_serializer.Call(methodName, args)), cancellationToken);
    }

    public override Task SendUsersAsync(
        IReadOnlyList<string> userIds, string methodName, object?[] args, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(userIds);
        return PublishAsync(userIds, _channels.User, methodName, args, cancellationToken);
    }

    /// <summary>A client of this node is sent to without Redis, and waited for as any write is.</summary>
    public override Task SendConnectionAsync(string connectionId, string methodName, object?[] args, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(connectionId);
        return _connections.TryGetValue(connectionId, out var local)
            ? local.Context.WriteAsync(new InvocationMessage(methodName, args), cancellationToken).AsTask()
            : PublishAsync(_channels.Connection(connectionId), FrameWriter.Signal(_serializer.Call(methodName, args)), cancellationToken);
    }

    public override Task SendConnectionsAsync(
        IReadOnlyList<string> connectionIds, string methodName, object?[] args, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(connectionIds);
        return PublishAsync(connectionIds, _channels.Connection, methodName, args, cancellationToken);
    }

    private Task PublishAsync(
        IReadOnlyList<string> names, Func<string, string> channelOf, string methodName, object?[] args, CancellationToken cancellationToken)
    {
        if (names.Count == 0)
        {
            return Task.CompletedTask;
        }

        var frame = FrameWriter.Signal(_serializer.Call(methodName, args));
        return Task.WhenAll(names
            .Where(name => !string.IsNullOrEmpty(name))
            .Select(name => PublishAsync(channelOf(name), frame, cancellationToken)));
    }

    private Task<long> PublishAsync(string channel, byte[] frame, CancellationToken cancellationToken) =>
        _bus.PublishAsync(channel, frame, cancellationToken);
}
