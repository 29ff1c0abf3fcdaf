using Chat.Api.Memberships;
using Chat.Api.Messages;
using Chat.Api.Nodes;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Chat.Api.ServerApi;

/// <summary>Calls about the groups that users are in.</summary>
internal static class GroupEndpoints
{
    public static void MapGroups(this IEndpointRouteBuilder calls)
    {
        var (memberships, pages) = (calls.ServiceProvider.GetRequiredService<IMemberships>(), calls.ServiceProvider.GetRequiredService<ApiPage>());
        calls.MapGet("/groups", (string user, string? after, int? limit) => GroupsAsync(user, after, limit, memberships, pages)).WithName("groups").WithTags("groups").WithProblems(400)
            .WithSummary("Lists the groups that a user is in on the hub.");
        calls.MapPost("/groups/add", AddAsync).WithName("groups-add").WithTags("groups").WithProblems(400, 409)
            .WithSummary("Puts a user into a group, on all nodes.");
        calls.MapPost("/groups/remove", RemoveAsync).WithName("groups-remove").WithTags("groups").WithProblems(400)
            .WithSummary("Takes a user out of a group, on all nodes.");
    }

    private static async Task<Results<Answer<GroupsAnswer>, ApiProblem>> GroupsAsync(string user, string? after, int? limit, IMemberships memberships, ApiPage pages)
    {
        if (!ChatId.TryParse(user, out var id))
        {
            return ApiProblem.InvalidUser;
        }

        if (!pages.TrySize(limit, out var size))
        {
            return ApiProblem.InvalidLimit;
        }

        var groups = await memberships.ListAsync(Topic.User(id));
        var (page, next) = ApiPage.Of(groups, after, size);
        return Answer.Of(new GroupsAnswer(id, groups.Count, page, next));
    }

    private static async Task<Results<Answer<ConfirmedAnswer>, ApiProblem>> AddAsync(MembershipRequest request, GroupChanges changes) =>
        Check(request, out var user, out var group) is { } problem ? problem
            : await changes.AddAsync(user, Topic.Group(group)) is { } done ? Done(done) : ApiProblem.TooManyGroups;

    private static async Task<Results<Answer<ConfirmedAnswer>, ApiProblem>> RemoveAsync(MembershipRequest request, GroupChanges changes) =>
        Check(request, out var user, out var group) is { } problem ? problem : Done(await changes.RemoveAsync(user, Topic.Group(group)));

    private static ApiProblem? Check(MembershipRequest request, out string user, out string group)
    {
        var (isUser, isGroup) = (ChatId.TryParse(request.User, out var userId), ChatId.TryParse(request.Group, out var groupId));
        (user, group) = (userId ?? "", groupId ?? "");
        return !isUser ? ApiProblem.InvalidUser : !isGroup ? ApiProblem.InvalidGroup : null;
    }

    private static Answer<ConfirmedAnswer> Done(Confirmed done) => Answer.Of(new ConfirmedAnswer(done.Of, done.Nodes));
}

/// <param name="User">The user.</param>
/// <param name="Group">The group.</param>
internal sealed record MembershipRequest(string User, string Group);

/// <param name="Nodes">How many nodes there are.</param>
/// <param name="Confirmed">How many of them have confirmed it for the user's connections there.</param>
internal sealed record ConfirmedAnswer(int Nodes, int Confirmed);

/// <param name="User">The user.</param>
/// <param name="Count">The number of the user's groups, on all pages.</param>
/// <param name="Groups">The groups, in the order of their characters.</param>
/// <param name="Next">The <c>after</c> of the next page; missing on the last page.</param>
internal sealed record GroupsAnswer(string User, int Count, IReadOnlyList<string> Groups, string? Next);
