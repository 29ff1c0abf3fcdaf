using Chat.Api.Backplane;
using Chat.Api.Messages;

namespace Chat.Api.Access;

/// <summary>Bans and mutes users, for a time or until it is lifted: in one topic, or everywhere.</summary>
/// <remarks>
/// <para>Guarantee: a ban or mute that was answered holds on every node within two seconds, on open connections as well, also where the
/// telling of it is lost; and it ends by itself, by Redis's clock.</para>
/// <para>What a user's connections see of it: a ban from a topic takes them out of it; one from everything closes them (4423) and
/// refuses new ones (403); a mute refuses what they write (<c>forbidden</c>).</para>
/// <para>All of it throws <see cref="BackplaneUnavailableException"/> where Redis did not answer; whether it is done is not known then,
/// and doing it again is safe.</para>
/// </remarks>
internal sealed class Sanctions(RedisSanctions store, AccessMetrics metrics)
{
    /// <param name="userId">Valid.</param>
    /// <param name="topic">Where; null: everywhere.</param>
    /// <param name="time">For how long, at most <see cref="Sanction.LongestTime"/>; null: until it is lifted.</param>
    /// <param name="reason">At most <see cref="Sanction.ReasonChars"/>; longer ones are cut.</param>
    /// <returns>Null: the user has <see cref="Sanction.MostPerUser"/> already.</returns>
    public Task<Sanction?> BanAsync(string userId, Topic? topic, TimeSpan? time, string reason) => PutAsync(SanctionKind.Ban, userId, topic, time, reason);

    /// <inheritdoc cref="BanAsync"/>
    public Task<Sanction?> MuteAsync(string userId, Topic? topic, TimeSpan? time, string reason) => PutAsync(SanctionKind.Mute, userId, topic, time, reason);

    /// <summary>Ends one before its time. False: there was none.</summary>
    public Task<bool> LiftAsync(SanctionKind kind, string userId, Topic? topic) => store.LiftAsync(kind, userId, topic);

    /// <summary>A user's.</summary>
    public async Task<IReadOnlyList<Sanction>> ListAsync(string userId) => [.. (await store.ReadAllAsync(userId)).Select(one => one.Sanction)];

    /// <summary>Everybody's, a page of users, those first whose sanctions end soonest.</summary>
    public async Task<SanctionPage> ListAsync(int skip, int most)
    {
        var (users, of) = await store.UsersAsync(skip, most);
        return new SanctionPage([.. (await store.ReadEachAsync(users)).Where(static all => all.Count > 0)], of);
    }

    /// <summary>Something has changed outside about what a user may do: every node asks anew (<c>Chat:Access:Url</c>).</summary>
    public Task AskAgainAsync(string userId) => store.TellAsync(userId);

    private Task<Sanction?> PutAsync(SanctionKind kind, string userId, Topic? topic, TimeSpan? time, string reason)
    {
        metrics.Sanctioned(kind);
        return store.PutAsync(new Sanction(kind, userId, topic, null, reason.Length <= Sanction.ReasonChars ? reason : reason[..Sanction.ReasonChars]), time > Sanction.LongestTime ? null : time);
    }
}
