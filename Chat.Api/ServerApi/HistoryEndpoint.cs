using Chat.Api.Messages;
using Chat.Api.Topics;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Chat.Api.ServerApi;

/// <summary>What topics' logs hold.</summary>
internal static class HistoryEndpoint
{
    private const int Room = 1024 * 1024; // bytes of an answer, about: a page of large messages is a short one

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
        return Answer.Of(new HistoryAnswer(known.Name, piece.Epoch, piece.Offset, isWhole, piece.IsMore, piece.Messages));
    }
}

/// <param name="Topic">The topic.</param>
/// <param name="Epoch">Which life of its log.</param>
/// <param name="Offset">Up to where this goes: with the epoch, the <c>since</c> of the next page.</param>
/// <param name="Recovered">False: something is missing between <c>since</c> and the first message.</param>
/// <param name="More">Whether the log goes on.</param>
/// <param name="Messages">Oldest first.</param>
internal sealed record HistoryAnswer(string Topic, string Epoch, long Offset, bool Recovered, bool More, IReadOnlyList<LoggedMessage> Messages);
