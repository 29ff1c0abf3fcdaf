using System.Security.Claims;
using Chat.Api.Backplane;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;

namespace Chat.Api.ServerApi;

/// <summary>The calls that publish to one topic, and to many.</summary>
internal static class PublishEndpoints
{
    private const int AtOnce = 64; // as many as a connection may have unconfirmed: even if they are large, Redis's queue has room for others

    public static void MapPublishing(this IEndpointRouteBuilder calls)
    {
        // Backends call this most. It reads its body and writes its answer itself, without the framework's binding of parameters.
        var publisher = calls.ServiceProvider.GetRequiredService<ApiPublisher>();
        calls.MapPost("/publish", http => PublishAsync(http, publisher)).WithJson<PublishRequest, PublishAnswer>()
            .WithName("publish").WithTags("messages").WithProblems(400, 413)
            .WithSummary("Publishes a message to a topic.");
        calls.MapPost("/publish-many", PublishManyAsync).WithName("publish-many").WithTags("messages").WithProblems(400, 413)
            .WithSummary("Publishes one message to many topics.");
    }

    private static async Task PublishAsync(HttpContext http, ApiPublisher publisher)
    {
        var request = await ApiBody.ReadAsync(http.Request, ApiJson.Strict.PublishRequest);
        IResult answer;
        if (!ApiTopic.TryParse(request.Topic, out var topic))
        {
            answer = ApiProblem.InvalidTopic;
        }
        else if (publisher.Check(http.User, request.From, request.Msg, request.Id, out var message) is { } problem)
        {
            answer = problem;
        }
        else
        {
            try
            {
                var published = await publisher.PublishAsync(topic, message);
                answer = Answer.Of(new PublishAnswer(published.Id, NullIfEmpty(published.Epoch), published.Offset));
            }
            catch (BackplaneUnavailableException)
            {
                answer = ApiProblem.NotPublished;
            }
        }

        await answer.ExecuteAsync(http);
    }

    private static async Task<Results<Answer<PublishManyAnswer>, ApiProblem>> PublishManyAsync(
        PublishManyRequest request, ClaimsPrincipal caller, ApiPublisher publisher, ApiLimits limits, IOptions<ServerApiOptions> options)
    {
        if (request.Topics.Length == 0 || request.Topics.Length > options.Value.TopicsPerCall)
        {
            return ApiProblem.TooManyTopics(options.Value.TopicsPerCall);
        }

        if (request.Topics.Contains(null!))
        {
            return ApiProblem.Malformed("wrong or unknown at $.topics"); // the one null that the JSON library lets through
        }

        if ((publisher.Check(caller, request.From, request.Msg, request.Id, out var message)
            ?? limits.Take(caller, request.Topics.Length - 1)) is { } problem) // the call itself has been counted
        {
            return problem;
        }

        var results = new List<TopicResult>(request.Topics.Length);
        foreach (var some in request.Topics.Chunk(AtOnce))
        {
            results.AddRange(await Task.WhenAll(some.Select(topic => PublishOneAsync(topic, message, publisher))));
        }

        return results.TrueForAll(static result => result.Status == StatusCodes.Status503ServiceUnavailable)
            ? ApiProblem.NotPublished
            : Answer.Of(new PublishManyAnswer(results.Count(static result => result.Status == StatusCodes.Status200OK), results));
    }

    private static async Task<TopicResult> PublishOneAsync(string name, ApiMessage message, ApiPublisher publisher)
    {
        if (!ApiTopic.TryParse(name, out var topic))
        {
            return Failed(name, ApiProblem.InvalidTopic);
        }

        try
        {
            var published = await publisher.PublishAsync(topic, message);
            return new TopicResult(name, StatusCodes.Status200OK) { Id = published.Id, Epoch = NullIfEmpty(published.Epoch), Offset = published.Offset };
        }
        catch (TopicBusyException)
        {
            return Failed(name, ApiProblem.TopicBusy);
        }
        catch (BackplaneUnavailableException)
        {
            return Failed(name, ApiProblem.NotPublished);
        }
    }

    private static TopicResult Failed(string name, ApiProblem problem) => new(name, problem.Status) { Code = problem.Code };

    private static string? NullIfEmpty(string epoch) => epoch.Length == 0 ? null : epoch;
}

/// <param name="Topic"><c>user:{id}</c>, <c>group:{id}</c> or <c>all</c>.</param>
/// <param name="Msg">The text.</param>
/// <param name="From">The sender: any user's id. Without it, the name of the key, or the token's user.</param>
/// <param name="Id">The backend's id for this message. A message sent again with the same id and sender is not doubled.</param>
internal sealed record PublishRequest(string Topic, string Msg, string? From = null, string? Id = null)
{
    public override string ToString() => nameof(PublishRequest); // keeps written text out of logs
}

/// <param name="Id">The message's id: the backend's, or one that the server gave.</param>
/// <param name="Epoch">Identifies the life of the topic's log; missing if the topic has none.</param>
/// <param name="Offset">The message's place in the log.</param>
internal sealed record PublishAnswer(string Id, string? Epoch, long Offset);

/// <param name="Topics">The topics to publish to.</param>
/// <param name="Msg">The text.</param>
/// <param name="From">As for one topic.</param>
/// <param name="Id">As for one topic; the same in each topic.</param>
internal sealed record PublishManyRequest(string[] Topics, string Msg, string? From = null, string? Id = null)
{
    public override string ToString() => nameof(PublishManyRequest);
}

/// <param name="Published">In how many of the topics it was published.</param>
/// <param name="Results">The result for each topic, in the order of the request.</param>
internal sealed record PublishManyAnswer(int Published, IReadOnlyList<TopicResult> Results);

/// <param name="Topic">The topic, as it was given.</param>
/// <param name="Status">200, or the status that a call for this topic alone would have been answered with.</param>
internal sealed record TopicResult(string Topic, int Status)
{
    /// <summary>The code of the problem, if there was one.</summary>
    public string? Code { get; init; }

    public string? Id { get; init; }

    public string? Epoch { get; init; }

    public long? Offset { get; init; }
}
