using Chat.Api.Backplane;
using Chat.Api.Messages;

namespace Chat.Api.Access;

/// <summary>Bans and mutes users, for a time or until it is lifted: in one topic, or everywhere.</summary>
/// <remarks>
/// <para>Guarantee: once answered, a ban or mute holds on every node within two seconds, on open connections as well, even if its announcement is
/// lost. It ends by itself, by Redis's clock.</para>
/// <para>Effects on a user's connections: a ban from a topic takes them out of it; a ban from everything closes them (4423) and refuses new ones
/// (403); a mute refuses what they write (<c>forbidden</c>).</para>
/// <para>All methods throw <see cref="BackplaneUnavailableException"/> if Redis did not answer. It is then unknown whether the change was made, and
/// repeating it is safe.</para>
/// </remarks>
internal sealed class Sanctions(RedisSanctions store, AccessMetrics metrics)
{
    /// <param name="userId">A valid user id.</param>
    /// <param name="topic">The topic; null: everywhere.</param>
    /// <param name="time">For how long, at most <see cref="Sanction.LongestTime"/>; null: until it is lifted.</param>
    /// <param name="reason">At most <see cref="Sanction.ReasonChars"/>; longer ones are cut.</param>
    /// <returns>Null if the user has <see cref="Sanction.MostPerUser"/> already.</returns>
    public Task<Sanction?> BanAsync(string userId, Topic? topic, TimeSpan? time, string reason) => PutAsync(SanctionKind.Ban, userId, topic, time, reason);

    /// <inheritdoc cref="BanAsync"/>
    public Task<Sanction?> MuteAsync(string userId, Topic? topic, TimeSpan? time, string reason) => PutAsync(SanctionKind.Mute, userId, topic, time, reason);

    /// <summary>Ends a sanction before its time. Returns false if there was none.</summary>
    public Task<bool> LiftAsync(SanctionKind kind, string userId, Topic? topic) => store.LiftAsync(kind, userId, topic);

    /// <summary>The sanctions of a user.</summary>
    public async Task<IReadOnlyList<Sanction>> ListAsync(string userId) => [.. (await store.ReadAllAsync(userId)).Select(one => one.Sanction)];

    /// <summary>The sanctions of all users, by pages of users. Users whose sanctions end soonest come first.</summary>
    /// <param name="after">The last place on the page before; null for the first page.</param>
    /// <param name="most">The most users on the page.</param>
    public async Task<SanctionPage> ListAsync(SanctionPlace? after, int most)
    {
        var (users, of, last) = await store.UsersAsync(after, most);
        return new SanctionPage([.. (await store.ReadEachAsync(users)).Where(static all => all.Count > 0)], of, last);
    }

    /// <summary>Called when something has changed outside about what a user may do. Every node asks the webhook anew
    /// (<c>Chat:Access:Url</c>).</summary>
    public Task AskAgainAsync(string userId) => store.TellAsync(userId);

    private Task<Sanction?> PutAsync(SanctionKind kind, string userId, Topic? topic, TimeSpan? time, string reason)
    {
        metrics.Sanctioned(kind);
        return store.PutAsync(new Sanction(kind, userId, topic, null, reason.Length <= Sanction.ReasonChars ? reason : reason[..Sanction.ReasonChars]), time > Sanction.LongestTime ? null : time);
    }
}
