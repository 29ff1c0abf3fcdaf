using Chat.Api.Access;
using Chat.Api.Messages;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Chat.Api.ServerApi;

/// <summary>Bans and mutes: from one topic or from everything, for a time or until they are lifted.</summary>
internal static class SanctionEndpoints
{
    private const string Ban = "ban";
    private const string Mute = "mute";

    public static void MapSanctions(this IEndpointRouteBuilder calls)
    {
        calls.MapPost("/users/ban", BanAsync).WithName(Ban).WithTags("users").WithProblems(400, 409)
            .WithSummary("Bans a user from a topic, or from everything.");
        calls.MapPost("/users/mute", MuteAsync).WithName(Mute).WithTags("users").WithProblems(400, 409)
            .WithSummary("Lets a user hear, but not write: to a topic, or at all.");
        calls.MapPost("/users/lift", LiftAsync).WithName("lift").WithTags("users").WithProblems(400)
            .WithSummary("Ends a ban or a mute before its time.");
        calls.MapGet("/users/sanctions", OfUserAsync).WithName("sanctions-of-user").WithTags("users").WithProblems(400)
            .WithSummary("Lists the bans and mutes of a user.");
        calls.MapGet("/sanctions", ListAsync).WithName("sanctions").WithTags("users").WithProblems(400)
            .WithSummary("Lists the bans and mutes of everybody, a page of users at a time.");
    }

    private static Task<Results<Answer<SanctionEntry>, ApiProblem>> BanAsync(SanctionRequest request, Sanctions sanctions) => PutAsync(request, sanctions.BanAsync);

    private static Task<Results<Answer<SanctionEntry>, ApiProblem>> MuteAsync(SanctionRequest request, Sanctions sanctions) => PutAsync(request, sanctions.MuteAsync);

    private static async Task<Results<Answer<SanctionEntry>, ApiProblem>> PutAsync(SanctionRequest request, Func<string, Topic?, TimeSpan?, string, Task<Sanction?>> put)
    {
        if (Check(request.User, request.Topic, out var user, out var topic) is { } problem)
        {
            return problem;
        }

        if (request.Seconds is { } seconds && (seconds < 1 || seconds > Sanction.LongestTime.TotalSeconds))
        {
            return ApiProblem.InvalidSeconds;
        }

        if (request.Reason is { } reason && (reason.Length > Sanction.ReasonChars || !PrintableText.Is(reason)))
        {
            return ApiProblem.InvalidSanctionReason;
        }

        TimeSpan? time = request.Seconds is { } some ? TimeSpan.FromSeconds(some) : null;
        return await put(user, topic, time, request.Reason ?? "") is { } sanction ? Answer.Of(Entry(sanction)) : ApiProblem.TooManySanctions;
    }

    private static async Task<Results<Answer<LiftAnswer>, ApiProblem>> LiftAsync(LiftRequest request, Sanctions sanctions)
    {
        if (Check(request.User, request.Topic, out var user, out var topic) is { } problem)
        {
            return problem;
        }

        return request.Kind is not (Ban or Mute) ? ApiProblem.Malformed("kind is ban or mute")
            : Answer.Of(new LiftAnswer(await sanctions.LiftAsync(request.Kind == Ban ? SanctionKind.Ban : SanctionKind.Mute, user, topic)));
    }

    private static async Task<Results<Answer<SanctionsAnswer>, ApiProblem>> OfUserAsync(string user, Sanctions sanctions)
    {
        if (!ChatId.TryParse(user, out var id))
        {
            return ApiProblem.InvalidUser;
        }

        var all = await sanctions.ListAsync(id);
        return Answer.Of(new SanctionsAnswer(all.Count > 0 ? 1 : 0, [.. all.Select(Entry)], null));
    }

    private static async Task<Results<Answer<SanctionsAnswer>, ApiProblem>> ListAsync(string? after, int? limit, Sanctions sanctions, ApiPage pages)
    {
        if (!pages.TrySize(limit, out var size))
        {
            return ApiProblem.InvalidLimit;
        }

        SanctionPlace? place = null;
        if (after is not null && !SanctionPlace.TryParse(after, out place))
        {
            return ApiProblem.InvalidAfter;
        }

        var page = await sanctions.ListAsync(place, size);
        return Answer.Of(new SanctionsAnswer(page.Of, [.. page.Users.SelectMany(static all => all).Select(Entry)], page.Last?.ToString()));
    }

    private static ApiProblem? Check(string userName, string? topicName, out string user, out Topic? topic)
    {
        var isUser = ChatId.TryParse(userName, out var id);
        user = id ?? "";
        return !ApiTopic.TryParseOptional(topicName, out topic) ? ApiProblem.InvalidTopic : isUser ? null : ApiProblem.InvalidUser;
    }

    private static SanctionEntry Entry(Sanction sanction) => new(
        sanction.Kind == SanctionKind.Ban ? Ban : Mute, sanction.UserId, sanction.Topic?.Name, sanction.Until, sanction.Reason.Length == 0 ? null : sanction.Reason);
}

/// <param name="User">The user.</param>
/// <param name="Topic">The topic; without it, everywhere.</param>
/// <param name="Seconds">For how long; without it, until it is lifted.</param>
/// <param name="Reason">Why, for people who look at it. The user is not told.</param>
internal sealed record SanctionRequest(string User, string? Topic = null, long? Seconds = null, string? Reason = null)
{
    public override string ToString() => nameof(SanctionRequest);
}

/// <param name="User">The user.</param>
/// <param name="Kind"><c>ban</c> or <c>mute</c>.</param>
/// <param name="Topic">The topic; without it, the ban or mute is lifted that holds everywhere.</param>
internal sealed record LiftRequest(string User, string Kind, string? Topic = null);

/// <param name="Lifted">False if there was none.</param>
internal sealed record LiftAnswer(bool Lifted);

/// <param name="Kind"><c>ban</c> or <c>mute</c>.</param>
/// <param name="User">The user.</param>
/// <param name="Topic">The topic; if missing, everywhere.</param>
/// <param name="Until">When it ends by itself; if missing, only when it is lifted.</param>
/// <param name="Reason">Why.</param>
internal sealed record SanctionEntry(string Kind, string User, string? Topic, DateTimeOffset? Until, string? Reason)
{
    public override string ToString() => nameof(SanctionEntry);
}

/// <param name="Users">How many users have bans or mutes, on all pages.</param>
/// <param name="Sanctions">The bans and mutes, user by user. Users whose sanctions end soonest come first.</param>
/// <param name="Next">The <c>after</c> of the next page; missing on the last page.</param>
internal sealed record SanctionsAnswer(long Users, IReadOnlyList<SanctionEntry> Sanctions, string? Next);
