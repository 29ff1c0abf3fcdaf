using Chat.Api.Messages;
using Chat.Api.Topics;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Chat.Api.ServerApi;

/// <summary>The call that reads topics' logs.</summary>
internal static class HistoryEndpoint
{
    private const int Room = 1024 * 1024; // approximate bytes of an answer: a page of large messages has fewer of them

    public static void MapHistory(this IEndpointRouteBuilder calls)
    {
        var (history, pages) = (calls.ServiceProvider.GetRequiredService<TopicHistory>(), calls.ServiceProvider.GetRequiredService<ApiPage>());
        calls.MapGet("/history", (string topic, string? since, int? limit) => HistoryAsync(topic, since, limit, history, pages)).WithName("history").WithTags("messages").WithProblems(400)
            .WithSummary("Returns messages of a topic: those after a position, or the latest.");
    }

    private static async Task<Results<Answer<HistoryAnswer>, ApiProblem>> HistoryAsync(string topic, string? since, int? limit, TopicHistory history, ApiPage pages)
    {
        if (!ApiTopic.TryParse(topic, out var known))
        {
            return ApiProblem.InvalidTopic;
        }

        if (!pages.TrySize(limit, out var size))
        {
            return ApiProblem.InvalidLimit;
        }

        LogPosition position = default;
        if (since is not null && !LogPosition.TryParse(since, out position))
        {
            return ApiProblem.InvalidSince;
        }

        var (piece, isWhole) = await history.ReadAsync(known, since is null ? null : position, size, Room);
        return Answer.Of(new HistoryAnswer(known.Name, piece.Epoch, piece.Offset, isWhole, piece.IsMore, piece.Messages)
        {
            Deletions = piece.Deletions.Count == 0 ? null : piece.Deletions,
        });
    }
}

/// <param name="Topic">The topic.</param>
/// <param name="Epoch">Identifies the life of the topic's log.</param>
/// <param name="Offset">The offset up to which the answer goes. With the epoch, it is the <c>since</c> of the next page.</param>
/// <param name="Recovered">False if something is missing between <c>since</c> and the first message.</param>
/// <param name="More">Whether the log has more messages.</param>
/// <param name="Messages">The messages, oldest first.</param>
internal sealed record HistoryAnswer(string Topic, string Epoch, long Offset, bool Recovered, bool More, IReadOnlyList<LoggedMessage> Messages)
{
    /// <summary>What this part of the log says about messages that were deleted; missing if nothing.</summary>
    public IReadOnlyList<LoggedDeletion>? Deletions { get; init; }
}
