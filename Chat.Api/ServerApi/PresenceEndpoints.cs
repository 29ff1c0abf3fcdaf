using System.Globalization;
using Chat.Api.Messages;
using Chat.Api.Presence;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Chat.Api.ServerApi;

/// <summary>Calls about who is in a topic, and how many users are.</summary>
internal static class PresenceEndpoints
{
    public static void MapPresence(this IEndpointRouteBuilder calls)
    {
        var (presence, store) = (calls.ServiceProvider.GetRequiredService<PresenceWatches>(), calls.ServiceProvider.GetRequiredService<IPresenceStore>());
        var pages = calls.ServiceProvider.GetRequiredService<ApiPage>();
        calls.MapGet("/presence", (string topic, string? after, int? limit) => PresenceAsync(topic, after, limit, presence, store, pages)).WithName("presence").WithTags("users").WithProblems(400)
            .WithSummary("Returns who is in a topic, a page at a time.");
        calls.MapGet("/presence/count", (string topic) => CountAsync(topic, presence, store)).WithName("presence-count").WithTags("users").WithProblems(400)
            .WithSummary("Returns how many users are in a topic.");
    }

    private static async Task<Results<Answer<PresenceAnswer>, ApiProblem>> PresenceAsync(
        string topic, string? after, int? limit, PresenceWatches presence, IPresenceStore store, ApiPage pages)
    {
        if (Check(topic, presence, out var known) is { } problem)
        {
            return problem;
        }

        if (!pages.TrySize(limit, out var size))
        {
            return ApiProblem.InvalidLimit;
        }

        var from = 0ul;
        if (after is not null && !ulong.TryParse(after, NumberStyles.None, CultureInfo.InvariantCulture, out from))
        {
            return ApiProblem.InvalidAfter;
        }

        var page = await store.ReadPageAsync(known, from, size);
        var count = (await store.ReadAsync(known, most: 0)).Count;
        return Answer.Of(new PresenceAnswer(
            known.Name, count, [.. page.Users.OrderBy(static user => user.Id, StringComparer.Ordinal).Select(static user => new UserEntry(user.Id, user.Connections))],
            page.Next == 0 ? null : page.Next.ToString(CultureInfo.InvariantCulture)));
    }

    private static async Task<Results<Answer<CountAnswer>, ApiProblem>> CountAsync(string topic, PresenceWatches presence, IPresenceStore store) =>
        Check(topic, presence, out var known) is { } problem ? problem : Answer.Of(new CountAnswer(known.Name, await store.CountAsync(known)));

    private static ApiProblem? Check(string name, PresenceWatches presence, out Topic topic)
    {
        var isTopic = ApiTopic.TryParse(name, out var known);
        topic = known ?? Topic.All;
        return !isTopic ? ApiProblem.InvalidTopic : !presence.Knows(topic) ? ApiProblem.NoPresence : null;
    }
}

/// <param name="Topic">The topic.</param>
/// <param name="Count">How many users are in it, on all pages.</param>
/// <param name="Users">About as many users as were asked for.</param>
/// <param name="Next">The <c>after</c> of the next page; missing on the last page.</param>
internal sealed record PresenceAnswer(string Topic, long Count, IReadOnlyList<UserEntry> Users, string? Next);

/// <param name="User">The user.</param>
/// <param name="Connections">How many connections they have in the topic.</param>
internal sealed record UserEntry(string User, long Connections);

/// <param name="Topic">The topic.</param>
/// <param name="Count">How many users are in it.</param>
internal sealed record CountAnswer(string Topic, long Count);
