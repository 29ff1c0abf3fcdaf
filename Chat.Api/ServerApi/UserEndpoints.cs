using System.Text;
using Chat.Api.Connections;
using Chat.Api.Messages;
using Chat.Api.Orders;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Chat.Api.ServerApi;

/// <summary>What a backend does to users' connections.</summary>
internal static class UserEndpoints
{
    public static void MapUsers(this IEndpointRouteBuilder calls) =>
        calls.MapPost("/users/disconnect", DisconnectAsync).WithName("disconnect").WithTags("users").WithProblems(400)
            .WithSummary("Closes all connections of a user, on all nodes.");

    private static async Task<Ok<DisconnectAnswer>> DisconnectAsync(DisconnectRequest request, NodeOrders orders)
    {
        var user = ApiTopic.ParseUser(request.User);
        var reason = request.Reason ?? CloseReason.DisconnectedText;
        if (Encoding.UTF8.GetByteCount(reason) > CloseReason.MostTextBytes || !PrintableText.Is(reason))
        {
            throw new ApiProblemException(ApiProblem.InvalidReason);
        }

        var done = await orders.GiveAsync(DisconnectOrder.Order, DisconnectOrder.Of(user.Id, reason));
        return TypedResults.Ok(new DisconnectAnswer(done.Of, done.Nodes, done.Count));
    }
}

/// <param name="User">The user.</param>
/// <param name="Reason">What clients are told, as the text of the close. Default: disconnected.</param>
internal sealed record DisconnectRequest(string User, string? Reason = null);

/// <param name="Nodes">How many nodes there are.</param>
/// <param name="Confirmed">How many of them have closed the connections that the user had there.</param>
/// <param name="Connections">How many connections that were.</param>
internal sealed record DisconnectAnswer(int Nodes, int Confirmed, long Connections);
