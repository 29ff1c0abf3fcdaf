using Chat.Api.Backplane;
using Chat.Api.Messages;
using Chat.Api.Presence;
using Chat.Api.Redis;
using Chat.Api.Webhooks;
using Microsoft.Extensions.Options;

namespace Chat.Api.Events;

internal sealed class EventOptionsValidator(IOptions<BackplaneOptions> backplane, IOptions<PresenceOptions> presence) : IValidateOptions<EventOptions>
{
    public ValidateOptionsResult Validate(string? name, EventOptions options)
    {
        string[] errors = [.. Errors(options)];
        return errors.Length == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
    }

    private IEnumerable<string> Errors(EventOptions options)
    {
        var tells = options.Messages.Length > 0 || options.Presence.Length > 0 || options.Online || options.Memberships;
        if (string.IsNullOrEmpty(options.Url))
        {
            if (tells)
            {
                yield return $"{EventOptions.Section}:Url is not set; the events that are asked for need somebody to be told.";
            }

            yield break;
        }

        if (!Uri.TryCreate(options.Url, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https"))
        {
            yield return $"{EventOptions.Section}:Url must be an absolute http or https URL; it is '{options.Url}'.";
        }

        if (!WebhookSignature.TryParse(options.Secret, out _))
        {
            yield return $"{EventOptions.Section}:Secret {WebhookSignature.Rule}";
        }

        if (!tells)
        {
            yield return $"{EventOptions.Section}:Url is set, but not what is to be told: {EventOptions.Section}:Messages, :Presence, :Online or :Memberships.";
        }

        if (options.QueueBytes > options.TotalBytes / EventMarks.Partitions)
        {
            yield return $"{EventOptions.Section}:TotalBytes ({options.TotalBytes}) must be at least {EventMarks.Partitions} times {EventOptions.Section}:QueueBytes ({options.QueueBytes}).";
        }

        foreach (var (key, patterns) in new[] { ("Messages", options.Messages), ("Presence", options.Presence) })
        {
            foreach (var pattern in patterns.Where(pattern => !TopicPattern.TryParse(pattern, out _)))
            {
                yield return $"{EventOptions.Section}:{key} has '{pattern}'. {TopicPattern.Rule}";
            }
        }

        foreach (var error in SettingsOfOthers(options))
        {
            yield return error;
        }
    }

    // The validators of those settings report what is wrong with the settings themselves.
    private List<string> SettingsOfOthers(EventOptions options)
    {
        try
        {
            var errors = Enum.GetValues<TopicKind>()
                .Where(kind => backplane.Value.LogOf(kind).Messages == 0 && options.Messages.Any(pattern => MayBeOf(kind, pattern)))
                .Select(kind => $"{EventOptions.Section}:Messages names topics without a log, from which nothing can be told: {BackplaneOptions.Section}:{kind}:Messages is 0.").ToList();
            if ((options.Online || options.Presence.Length > 0) && !presence.Value.Enabled)
            {
                errors.Add($"{EventOptions.Section}:Online and {EventOptions.Section}:Presence need presence: {PresenceOptions.Section}:Enabled is false.");
            }

            return errors;
        }
        catch (OptionsValidationException)
        {
            return [];
        }
    }

    private static bool MayBeOf(TopicKind kind, string pattern) =>
        pattern.StartsWith('*') || pattern.StartsWith(kind switch { TopicKind.User => "user:", TopicKind.Group => "group:", _ => "all" }, StringComparison.Ordinal);
}
