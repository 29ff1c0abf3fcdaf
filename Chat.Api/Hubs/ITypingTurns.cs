using Chat.Api.Backplane;
using Chat.Api.Messages;

namespace Chat.Api.Hubs;

/// <summary>Keeps a user on several devices from saying more than once a second that they are typing.</summary>
internal interface ITypingTurns
{
    /// <summary>False: somebody told this group of this user less than a turn ago, on whatever node.</summary>
    /// <exception cref="BackplaneUnavailableException">Redis did not answer.</exception>
    Task<bool> TryTakeAsync(Topic group, string userId, TimeSpan turn);
}
