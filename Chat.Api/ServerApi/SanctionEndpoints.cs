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
        calls.MapPost("/users/recheck", RecheckAsync).WithName("recheck").WithTags("users").WithProblems(400)
            .WithSummary("Makes every node ask the access webhook anew what a user may do.");
        calls.MapGet("/users/sanctions", OfUserAsync).WithName("sanctions-of-user").WithTags("users").WithProblems(400)
            .WithSummary("Lists the bans and mutes of a user.");
        calls.MapGet("/sanctions", ListAsync).WithName("sanctions").WithTags("users").WithProblems(400)
            .WithSummary("Lists the bans and mutes of everybody, a page of users at a time.");
    }

    private static Task<Ok<SanctionEntry>> BanAsync(SanctionRequest request, Sanctions sanctions) => PutAsync(request, sanctions.BanAsync);

    private static Task<Ok<SanctionEntry>> MuteAsync(SanctionRequest request, Sanctions sanctions) => PutAsync(request, sanctions.MuteAsync);

    private static async Task<Ok<SanctionEntry>> PutAsync(SanctionRequest request, Func<string, Topic?, TimeSpan?, string, Task<Sanction?>> put)
    {
        var user = ApiTopic.ParseUser(request.User);
        var topic = request.Topic is null ? null : ApiTopic.Parse(request.Topic);
        if (request.Seconds is { } seconds && (seconds < 1 || seconds > Sanction.LongestTime.TotalSeconds))
        {
            throw new ApiProblemException(ApiProblem.InvalidSeconds);
        }

        if (request.Reason is { } reason && (reason.Length > Sanction.ReasonChars || !PrintableText.Is(reason)))
        {
            throw new ApiProblemException(ApiProblem.InvalidSanctionReason);
        }

        TimeSpan? time = request.Seconds is { } some ? TimeSpan.FromSeconds(some) : null;
        return await put(user.Id, topic, time, request.Reason ?? "") is { } sanction
            ? TypedResults.Ok(Entry(sanction)) : throw new ApiProblemException(ApiProblem.TooManySanctions);
    }

    private static async Task<Ok<LiftAnswer>> LiftAsync(LiftRequest request, Sanctions sanctions)
    {
        var user = ApiTopic.ParseUser(request.User);
        var topic = request.Topic is null ? null : ApiTopic.Parse(request.Topic);
        var kind = request.Kind switch
        {
            Ban => SanctionKind.Ban,
            Mute => SanctionKind.Mute,
            _ => throw new ApiProblemException(ApiProblem.Malformed("kind is ban or mute")),
        };
        return TypedResults.Ok(new LiftAnswer(await sanctions.LiftAsync(kind, user.Id, topic)));
    }

    private static async Task<Ok<RecheckAnswer>> RecheckAsync(RecheckRequest request, Sanctions sanctions)
    {
        var user = ApiTopic.ParseUser(request.User);
        await sanctions.AskAgainAsync(user.Id);
        return TypedResults.Ok(new RecheckAnswer(user.Id));
    }

    private static async Task<Ok<SanctionsAnswer>> OfUserAsync(string user, Sanctions sanctions)
    {
        var all = await sanctions.ListAsync(ApiTopic.ParseUser(user).Id);
        return TypedResults.Ok(new SanctionsAnswer(all.Count > 0 ? 1 : 0, [.. all.Select(Entry)], null));
    }

    private static async Task<Ok<SanctionsAnswer>> ListAsync(int? after, int? limit, Sanctions sanctions, ApiPage pages)
    {
        var (skip, size) = (after ?? 0, pages.SizeOf(limit));
        if (skip < 0)
        {
            throw new ApiProblemException(ApiProblem.InvalidAfter);
        }

        var page = await sanctions.ListAsync(skip, size);
        return TypedResults.Ok(new SanctionsAnswer(
            page.Of, [.. page.Users.SelectMany(static all => all).Select(Entry)], skip + (long)size < page.Of ? skip + size : null));
    }

    private static SanctionEntry Entry(Sanction sanction) => new(
        sanction.Kind == SanctionKind.Ban ? Ban : Mute, sanction.UserId, sanction.Topic?.Name, sanction.Until, sanction.Reason.Length == 0 ? null : sanction.Reason);
}

/// <param name="User">The user.</param>
/// <param name="Topic">Where; without it, everywhere.</param>
/// <param name="Seconds">For how long; without it, until it is lifted.</param>
/// <param name="Reason">Why, for those who look at it. The user is not told.</param>
internal sealed record SanctionRequest(string User, string? Topic = null, long? Seconds = null, string? Reason = null)
{
    public override string ToString() => nameof(SanctionRequest);
}

/// <param name="User">The user.</param>
/// <param name="Kind"><c>ban</c> or <c>mute</c>.</param>
/// <param name="Topic">Where; without it, the one that holds everywhere.</param>
internal sealed record LiftRequest(string User, string Kind, string? Topic = null);

/// <param name="Lifted">False: there was none.</param>
internal sealed record LiftAnswer(bool Lifted);

/// <param name="User">The user.</param>
internal sealed record RecheckRequest(string User)
{
    public override string ToString() => nameof(RecheckRequest);
}

/// <param name="User">The user, whose nodes have been told.</param>
internal sealed record RecheckAnswer(string User)
{
    public override string ToString() => nameof(RecheckAnswer);
}

/// <param name="Kind"><c>ban</c> or <c>mute</c>.</param>
/// <param name="User">Whose.</param>
/// <param name="Topic">Where; not there: everywhere.</param>
/// <param name="Until">When it ends by itself; not there: when it is lifted.</param>
/// <param name="Reason">Why.</param>
internal sealed record SanctionEntry(string Kind, string User, string? Topic, DateTimeOffset? Until, string? Reason)
{
    public override string ToString() => nameof(SanctionEntry);
}

/// <param name="Users">How many users have some, on all pages.</param>
/// <param name="Sanctions">User by user; those first whose sanctions end soonest.</param>
/// <param name="Next">The <c>after</c> of the next page; not there on the last.</param>
internal sealed record SanctionsAnswer(long Users, IReadOnlyList<SanctionEntry> Sanctions, int? Next);
