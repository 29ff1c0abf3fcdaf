using Chat.Api.Backplane;
using Chat.Api.Messages;

namespace Chat.Api.Hubs;

/// <summary>Keeps a user with several devices from telling a group more than once in a turn's length (<c>Chat:Hub:TypingInterval</c>) that
/// they are typing.</summary>
internal interface ITypingTurns
{
    /// <summary>Returns false if the group was told about this user less than a turn ago, on any node.</summary>
    /// <exception cref="BackplaneUnavailableException">Redis did not answer.</exception>
    Task<bool> TryTakeAsync(Topic group, string userId, TimeSpan turn);
}
