using Chat.Api.Memberships;
using Chat.Api.Nodes;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Chat.Api.ServerApi;

/// <summary>Which groups users are in.</summary>
internal static class GroupEndpoints
{
    public static void MapGroups(this IEndpointRouteBuilder calls)
    {
        calls.MapGet("/groups", GroupsAsync).WithName("groups").WithTags("groups").WithProblems(400)
            .WithSummary("Lists the groups that a user is in on the hub.");
        calls.MapPost("/groups/add", AddAsync).WithName("groups-add").WithTags("groups").WithProblems(400, 409)
            .WithSummary("Puts a user into a group, on all nodes.");
        calls.MapPost("/groups/remove", RemoveAsync).WithName("groups-remove").WithTags("groups").WithProblems(400)
            .WithSummary("Takes a user out of a group, on all nodes.");
    }

    private static async Task<Ok<GroupsAnswer>> GroupsAsync(string user, string? after, int? limit, IMemberships memberships, ApiPage pages)
    {
        var known = ApiTopic.ParseUser(user);
        var groups = (await memberships.ReadAsync(known, [])).Groups;
        var (page, next) = ApiPage.Of(groups.Keys, after, pages.SizeOf(limit));
        return TypedResults.Ok(new GroupsAnswer(known.Id, groups.Count, page, next));
    }

    private static async Task<Ok<ConfirmedAnswer>> AddAsync(MembershipRequest request, GroupChanges changes)
    {
        var (user, group) = (ApiTopic.ParseUser(request.User), ApiTopic.ParseGroup(request.Group));
        return await changes.AddAsync(user.Id, group) is { } done ? Answer(done) : throw new ApiProblemException(ApiProblem.TooManyGroups);
    }

    private static async Task<Ok<ConfirmedAnswer>> RemoveAsync(MembershipRequest request, GroupChanges changes)
    {
        var (user, group) = (ApiTopic.ParseUser(request.User), ApiTopic.ParseGroup(request.Group));
        return Answer(await changes.RemoveAsync(user.Id, group));
    }

    private static Ok<ConfirmedAnswer> Answer(Confirmed done) => TypedResults.Ok(new ConfirmedAnswer(done.Of, done.Nodes));
}

/// <param name="User">The user.</param>
/// <param name="Group">The group.</param>
internal sealed record MembershipRequest(string User, string Group);

/// <param name="Nodes">How many nodes there are.</param>
/// <param name="Confirmed">How many of them have said that it holds for the user's connections there.</param>
internal sealed record ConfirmedAnswer(int Nodes, int Confirmed);

/// <param name="User">The user.</param>
/// <param name="Count">How many groups that are, on all pages.</param>
/// <param name="Groups">In the order of their characters.</param>
/// <param name="Next">The <c>after</c> of the next page; not there on the last.</param>
internal sealed record GroupsAnswer(string User, int Count, IReadOnlyList<string> Groups, string? Next);
