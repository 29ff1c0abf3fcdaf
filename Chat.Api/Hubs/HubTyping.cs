using Chat.Api.Backplane;
using Chat.Api.Messages;
using Microsoft.Extensions.Options;

namespace Chat.Api.Hubs;

/// <summary>Limits how often a group hears that a user is typing: once per <see cref="ChatHubOptions.TypingInterval"/>, however many
/// devices they use and keys they press.</summary>
internal sealed class HubTyping(ITypingTurns turns, IOptions<ChatHubOptions> options, TimeProvider time)
{
    public async Task<bool> IsDueAsync(HubClient client, string group)
    {
        var interval = options.Value.TypingInterval;
        if (!client.TakeTypingTurn(group, time, interval))
        {
            return false; // this device alone is too quick already: Redis need not be asked
        }

        try
        {
            return await turns.TryTakeAsync(Topic.Group(group), client.UserId, interval);
        }
        catch (BackplaneUnavailableException)
        {
            throw HubError.Unavailable();
        }
    }
}
