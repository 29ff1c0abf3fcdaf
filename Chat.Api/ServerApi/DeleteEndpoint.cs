using System.Globalization;
using System.Security.Claims;
using System.Text;
using Chat.Api.Backplane;
using Chat.Api.Messages;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Chat.Api.ServerApi;

/// <summary>The call that deletes a message.</summary>
internal static class DeleteEndpoint
{
    public static void MapDeleting(this IEndpointRouteBuilder calls) =>
        calls.MapPost("/messages/delete", DeleteAsync).WithName("delete-message").WithTags("messages").WithProblems(400)
            .WithSummary("Deletes a message from a topic's log, and tells those who may have it.");

    private static async Task<Results<Answer<DeleteAnswer>, ApiProblem>> DeleteAsync(DeleteRequest request, ClaimsPrincipal caller, IBackplane backplane)
    {
        if (!ApiTopic.TryParse(request.Topic, out var topic))
        {
            return ApiProblem.InvalidTopic;
        }

        if (!ChatId.TryParse(request.From ?? ApiCaller.NameOf(caller), out var from))
        {
            return ApiProblem.InvalidFrom;
        }

        var text = string.Create(CultureInfo.InvariantCulture, $"{request.Epoch}:{request.Offset}");
        if (request.Offset < 1 || !LogPosition.TryParse(text, out _))
        {
            return ApiProblem.InvalidPosition;
        }

        var outcome = new PublishOutcome();
        backplane.Publish(
            new Publication { Kind = topic.Kind, Topic = topic.Utf8Name.Span, From = JsonText.Escape(from), Msg = Encoding.ASCII.GetBytes(text), IsDeletion = true },
            outcome);
        var notice = await outcome.Task; // if Redis does not answer, ApiErrors makes a 503 of that
        return Answer.Of(notice.Offset == 0 ? new DeleteAnswer(false) : new DeleteAnswer(true, notice.Epoch, notice.Offset));
    }
}

/// <param name="Topic"><c>user:{id}</c>, <c>group:{id}</c> or <c>all</c>.</param>
/// <param name="Epoch">With <paramref name="Offset"/>, the position of the message: what <c>publish</c> answered, and what clients, events and <c>history</c> name.</param>
/// <param name="Offset">As above.</param>
/// <param name="From">Who deletes it: any user's id. Without it, the name of the key, or the token's user.</param>
internal sealed record DeleteRequest(string Topic, string Epoch, long Offset, string? From = null);

/// <param name="Deleted">False if the topic's log has no message at that position.</param>
/// <param name="Epoch">With <paramref name="Offset"/>, the position of the notice that tells clients of it.</param>
/// <param name="Offset">As above.</param>
internal sealed record DeleteAnswer(bool Deleted, string? Epoch = null, long? Offset = null);
