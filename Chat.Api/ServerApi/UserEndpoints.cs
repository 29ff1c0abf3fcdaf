using System.Text;
using Chat.Api.Access;
using Chat.Api.Connections;
using Chat.Api.Messages;
using Chat.Api.Orders;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Chat.Api.ServerApi;

/// <summary>Calls that affect users' connections.</summary>
internal static class UserEndpoints
{
    public static void MapUsers(this IEndpointRouteBuilder calls)
    {
        calls.MapPost("/users/disconnect", DisconnectAsync).WithName("disconnect").WithTags("users").WithProblems(400)
            .WithSummary("Closes all connections of a user, on all nodes.");
        calls.MapPost("/users/recheck", RecheckAsync).WithName("recheck").WithTags("users").WithProblems(400)
            .WithSummary("Makes every node ask again what a user may do.");
    }

    private static async Task<Results<Answer<DisconnectAnswer>, ApiProblem>> DisconnectAsync(DisconnectRequest request, NodeOrders orders)
    {
        if (!ChatId.TryParse(request.User, out var user))
        {
            return ApiProblem.InvalidUser;
        }

        var reason = request.Reason ?? CloseReason.Disconnected.Text;
        if (Encoding.UTF8.GetByteCount(reason) > DisconnectOrder.MostReasonBytes || !PrintableText.Is(reason))
        {
            return ApiProblem.InvalidReason;
        }

        var done = await orders.GiveAsync(DisconnectOrder.Order, DisconnectOrder.Of(user, reason));
        return Answer.Of(new DisconnectAnswer(done.Of, done.Nodes, done.Count));
    }

    private static async Task<Results<Answer<RecheckAnswer>, ApiProblem>> RecheckAsync(RecheckRequest request, Sanctions sanctions)
    {
        if (!ChatId.TryParse(request.User, out var user))
        {
            return ApiProblem.InvalidUser;
        }

        await sanctions.AskAgainAsync(user);
        return Answer.Of(new RecheckAnswer(user));
    }
}

/// <param name="User">The user.</param>
internal sealed record RecheckRequest(string User);

/// <param name="User">The user.</param>
internal sealed record RecheckAnswer(string User);

/// <param name="User">The user.</param>
/// <param name="Reason">The text of the close that clients get. Default: disconnected.</param>
internal sealed record DisconnectRequest(string User, string? Reason = null);

/// <param name="Nodes">How many nodes there are.</param>
/// <param name="Confirmed">How many of them have closed the connections that the user had there.</param>
/// <param name="Connections">How many connections were closed.</param>
internal sealed record DisconnectAnswer(int Nodes, int Confirmed, long Connections);
