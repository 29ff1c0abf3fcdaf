using System.Security.Claims;
using System.Text;
using Chat.Api.Backplane;
using Chat.Api.Connections;
using Chat.Api.Messages;
using Microsoft.Extensions.Options;

namespace Chat.Api.ServerApi;

/// <summary>Publishes the messages of backends. They take the path of every message.</summary>
internal sealed class ApiPublisher(IBackplane backplane, IOptions<ConnectionOptions> limits)
{
    /// <summary>Checks whether a message may be published. Returns null if it may.</summary>
    /// <param name="caller">The caller, who is also the sender if none is given.</param>
    /// <param name="from">The sender.</param>
    /// <param name="msg">The text.</param>
    /// <param name="id">The message's id.</param>
    /// <param name="message">The message, as it travels.</param>
    public ApiProblem? Check(ClaimsPrincipal caller, string? from, string msg, string? id, out ApiMessage message)
    {
        message = ApiMessage.None;
        if (!ChatId.TryParse(from ?? ApiCaller.NameOf(caller), out var sender))
        {
            return ApiProblem.InvalidFrom;
        }

        if (id is not null && !MessageId.IsValid(id))
        {
            return ApiProblem.InvalidMessageId;
        }

        var escaped = JsonText.Escape(msg);
        message = new ApiMessage(JsonText.Escape(sender), escaped, id is null ? [] : Encoding.UTF8.GetBytes(id));
        return escaped.Length <= limits.Value.MessageBytes ? null : ApiProblem.TooBig;
    }

    /// <summary>Steps 2 and 3 of a message's path.</summary>
    /// <exception cref="BackplaneUnavailableException">The message may or may not have been published; trying again with the same id is safe.</exception>
    /// <exception cref="TopicBusyException">The message was not published.</exception>
    public Task<Published> PublishAsync(Topic topic, ApiMessage message)
    {
        var outcome = new PublishOutcome(inline: true);
        backplane.Publish(
            new Publication { Kind = topic.Kind, Topic = topic.Utf8Name.Span, From = message.From, Msg = message.Msg, MsgId = message.Id },
            outcome);
        return outcome.Task;
    }
}

/// <summary>A checked message, as it travels: strings are escaped for JSON.</summary>
internal sealed record ApiMessage(byte[] From, byte[] Msg, byte[] Id)
{
    public static readonly ApiMessage None = new([], [], []);
}
