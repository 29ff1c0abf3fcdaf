using Chat.Api.Backplane;
using Chat.Api.Messages;
using Chat.Api.Presence;

namespace Chat.Api.Hubs;

/// <summary>Tells hub clients who is in their groups.</summary>
internal sealed class HubPresence(PresenceWatches watches)
{
    /// <summary>Reads who is in a group now and, if asked to, tells the client from now on who comes and goes.</summary>
    public async Task<PresenceAnswer> ReadAsync(HubClient client, string group, bool watch)
    {
        var topic = Topic.Group(group);
        if (!watches.Knows(topic))
        {
            throw HubError.NoPresence();
        }

        if (watch)
        {
            client.Watch(topic, watches);
            HubMemberships.CheckIsMember(client, group); // the user may have left meanwhile, on another device
        }

        try
        {
            var news = await watches.ReadAsync(topic);
            return new PresenceAnswer(news.Version, news.Count, news.Members?.Select(static member => new GroupMember(member.Id, member.Connections)).ToList());
        }
        catch (BackplaneUnavailableException)
        {
            throw HubError.Unavailable();
        }
    }
}
