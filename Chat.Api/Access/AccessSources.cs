using Chat.Api.Auth;
using Chat.Api.Messages;
using Microsoft.Extensions.Options;

namespace Chat.Api.Access;

/// <summary>Asks the sources of rights in their order: the token, the webhook, the settings. If none of them says anything, everything is
/// allowed.</summary>
/// <remarks>The first source that says anything about a topic decides all of its rights. So a closer source can grant what a general one denies, and
/// deny what it grants. Which source decided can be told without knowing what the others would have said.</remarks>
internal sealed class AccessSources(AccessRules rules, AccessAnswers answers, IOptions<AccessOptions> options)
{
    /// <summary>Whether nothing but tokens could say anything.</summary>
    public bool IsOpen { get; } = rules.IsEmpty && !answers.IsWanted;

    /// <summary>Whether there is a webhook. All other sources say the same whenever they are asked.</summary>
    public bool HasWebhook => answers.IsWanted;

    /// <summary>Asks what a user may do in a topic. Never fails.</summary>
    /// <param name="asker">The user.</param>
    /// <param name="topic">The topic.</param>
    /// <param name="renews">See <see cref="AccessAnswers.AskAsync"/>.</param>
    public ValueTask<AccessAnswer> AskAsync(Asker asker, Topic topic, bool renews = false)
    {
        // Nobody can take from users what is sent to them.
        var isOwn = topic.Kind == TopicKind.User && topic.Id == asker.UserId;
        return asker.Token?.Of(topic.Name) is { } granted ? new(new AccessAnswer(isOwn ? granted | Rights.Join | Rights.History : granted))
            : isOwn ? new(new AccessAnswer((rules.Of(topic, asker.Roles) ?? Rights.All) | Rights.Join | Rights.History))
            : answers.IsWanted ? AskWebhookAsync(asker, topic, renews)
            : new(new AccessAnswer(rules.Of(topic, asker.Roles) ?? Rights.All));
    }

    /// <summary>Asks whether a user may be connected at all. Never fails.</summary>
    public async ValueTask<AccessAnswer> AskToConnectAsync(Asker asker, bool renews = false)
    {
        if (!answers.IsWanted)
        {
            return new AccessAnswer(Rights.Connect);
        }

        var answer = await answers.AskAsync(asker.UserId, topic: null, Rights.Connect, renews);
        return Answer(answer, answer.Rights ?? Rights.Connect);
    }

    /// <summary>Forgets what the webhook said about a user.</summary>
    public void Forget(string userId) => answers.Forget(userId);

    /// <summary>Forgets what the webhook said about all users.</summary>
    public void ForgetAll() => answers.ForgetAll();

    private async ValueTask<AccessAnswer> AskWebhookAsync(Asker asker, Topic topic, bool renews)
    {
        // Only the user receives what is sent to that user.
        var answer = await answers.AskAsync(asker.UserId, topic.Name, topic.Kind == TopicKind.User ? Rights.Post : Rights.All, renews);
        return Answer(answer, answer.Rights ?? rules.Of(topic, asker.Roles) ?? Rights.All);
    }

    private AccessAnswer Answer(TimedAnswer answer, Rights rights) => new(
        answer.IsAway && options.Value.WhenAway == WhenAway.Refuse ? Rights.None : rights)
    {
        IsAway = answer.IsAway,
        IsRefusal = answer.IsAway && options.Value.WhenAway == WhenAway.Refuse,
        RenewAt = answer.RenewAt,
        ExpiresAt = answer.ExpiresAt,
    };
}

/// <param name="UserId">The user who asks.</param>
/// <param name="Token">What the user's token says about topics; null: nothing.</param>
/// <param name="Roles">The roles in that token.</param>
internal sealed record Asker(string UserId, TokenRights? Token, IReadOnlyCollection<string> Roles);

/// <param name="Rights">What is allowed.</param>
internal readonly record struct AccessAnswer(Rights Rights)
{
    /// <summary>Whether the webhook should have decided, but is away.</summary>
    public bool IsAway { get; init; }

    /// <summary>Whether nothing is allowed because it is away. Otherwise, somebody has decided all the same.</summary>
    public bool IsRefusal { get; init; }

    /// <summary>The timestamp from which to ask anew.</summary>
    public long RenewAt { get; init; } = long.MaxValue;

    /// <summary>The timestamp from which the answer no longer counts.</summary>
    public long ExpiresAt { get; init; } = long.MaxValue;
}
