using Chat.Api.Auth;
using Chat.Api.Messages;

namespace Chat.Api.Access;

/// <summary>Asks the sources of rights, in their order: the token, the settings, and where none says anything, everything is allowed.</summary>
/// <remarks>The first that says anything about a topic decides all of its rights. So the nearer one can grant what a general one
/// closes, and take what it opens; which of them spoke can be told without knowing what the others would have said.</remarks>
internal sealed class AccessSources(AccessRules rules)
{
    /// <summary>Whether there is nothing but tokens that could say anything.</summary>
    public bool IsOpen => rules.IsEmpty;

    /// <summary>Asks what a user may do in a topic.</summary>
    public ValueTask<AccessAnswer> AskAsync(Asker asker, Topic topic) => new(Own(asker, topic, new AccessAnswer(
        asker.Token?.Of(topic.Name) ?? rules.Of(topic, asker.Roles) ?? Rights.All)));

    // What is sent to a user is nobody's to take from them.
    private static AccessAnswer Own(Asker asker, Topic topic, AccessAnswer answer) => topic.Kind == TopicKind.User && topic.Id == asker.UserId
        ? answer with { Rights = answer.Rights | Rights.Join | Rights.History }
        : answer;
}

/// <param name="UserId">Who asks.</param>
/// <param name="Token">What their token says about topics; null: nothing.</param>
/// <param name="Roles">Their token's.</param>
internal sealed record Asker(string UserId, TokenRights? Token, IReadOnlyCollection<string> Roles);

/// <param name="Rights">What is allowed.</param>
internal readonly record struct AccessAnswer(Rights Rights);
