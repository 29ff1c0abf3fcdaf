namespace Microsoft.AspNetCore.SignalR.StackExchangeRedis.Internal;

/// <summary>What one node tells another.</summary>
internal abstract record Frame;

/// <summary>A call of a method of all clients that listen to a channel, but some.</summary>
internal sealed record SignalFrame(Call Call, IReadOnlyList<string> Excluded) : Frame;

/// <summary>A question to the node that holds a connection, which says to <paramref name="ReplyTo"/> whether it did as asked.</summary>
internal abstract record QuestionFrame(long Question, string ReplyTo) : Frame;

/// <summary>Take the connection into a group, or out of it.</summary>
internal sealed record GroupFrame(long Question, string ReplyTo, bool Joins, string Group) : QuestionFrame(Question, ReplyTo);

/// <summary>Call the client's method and send its result to <c>ReplyTo</c>.</summary>
internal sealed record InvokeFrame(long Question, string ReplyTo, string InvocationId, Call Call) : QuestionFrame(Question, ReplyTo);

/// <summary>Is the client still expected to give this result?</summary>
internal sealed record CheckFrame(long Question, string ReplyTo, string InvocationId) : QuestionFrame(Question, ReplyTo);

/// <summary>Nobody waits for this result any more.</summary>
internal sealed record ForgetFrame(string InvocationId) : Frame;

/// <summary>Whether what a question asked for was done.</summary>
internal sealed record AnswerFrame(long Question, bool IsDone) : Frame;

/// <summary>A client's result, as its protocol wrote it; empty where the client has gone without giving it.</summary>
internal sealed record ResultFrame(string InvocationId, string Protocol, ReadOnlyMemory<byte> Completion) : Frame;
