using Microsoft.Extensions.Logging;
using StackExchange.Redis;

namespace Microsoft.AspNetCore.SignalR.StackExchangeRedis.Internal;

internal static partial class SignalLog
{
    [LoggerMessage(LogLevel.Information, "Signals of {Hub} travel over Redis; this node is {Node}.")]
    public static partial void Started(this ILogger logger, string hub, string node);

    [LoggerMessage(LogLevel.Debug, "Connecting to Redis: {Line}")]
    public static partial void Connecting(this ILogger logger, string line);

    [LoggerMessage(LogLevel.Warning, "Redis lost ({Connection}, {Failure}): until it is back, signals to other nodes fail and theirs are missed.")]
    public static partial void RedisLost(this ILogger logger, Exception? exception, ConnectionType connection, ConnectionFailureType failure);

    [LoggerMessage(LogLevel.Information, "Redis is back ({Connection}).")]
    public static partial void RedisBack(this ILogger logger, ConnectionType connection);

    [LoggerMessage(LogLevel.Information, "After a failure of Redis {Alive} of {Doubtful} subscriptions are known to be alive.")]
    public static partial void Resubscribed(this ILogger logger, int alive, int doubtful, Exception? exception);

    [LoggerMessage(LogLevel.Warning, "Redis was not told that nobody listens to {Channel} any more.")]
    public static partial void UnsubscribeFailed(this ILogger logger, Exception exception, string channel);

    [LoggerMessage(LogLevel.Debug, "Redis was disconnected before {Channel} was let go.")]
    public static partial void UnsubscribedByTheEnd(this ILogger logger, Exception exception, string channel);

    [LoggerMessage(LogLevel.Warning, "Left alone: {Bytes} bytes on {Channel}, which are nothing that belongs there.")]
    public static partial void Rubbish(this ILogger logger, int bytes, string channel);

    [LoggerMessage(LogLevel.Error, "What came over {Channel} failed.")]
    public static partial void ReceiveFailed(this ILogger logger, Exception exception, string channel);

    [LoggerMessage(LogLevel.Warning, "Connection {Connection} aborted: more than {Bytes} bytes of signals wait for it.")]
    public static partial void ClientIsTooSlow(this ILogger logger, string connection, int bytes);

    [LoggerMessage(LogLevel.Warning, "A signal for connection {Connection} was not written for its protocol, {Protocol}.")]
    public static partial void ProtocolIsMissing(this ILogger logger, string connection, string protocol);

    [LoggerMessage(LogLevel.Warning, "A signal did not get to connection {Connection}.")]
    public static partial void SendFailed(this ILogger logger, Exception exception, string connection);

    [LoggerMessage(LogLevel.Warning, "Group request for connection {Connection} failed.")]
    public static partial void GroupRequestFailed(this ILogger logger, Exception exception, string connection);

    [LoggerMessage(LogLevel.Warning, "Node {Node} was not answered.")]
    public static partial void AnswerFailed(this ILogger logger, Exception exception, string node);

    [LoggerMessage(LogLevel.Debug, "Could not ask whether connection {Connection} is still there.")]
    public static partial void CheckFailed(this ILogger logger, Exception exception, string connection);

    [LoggerMessage(LogLevel.Warning, "Result {Invocation} of a client cannot be read.")]
    public static partial void ResultUnreadable(this ILogger logger, Exception exception, string invocation);
}
