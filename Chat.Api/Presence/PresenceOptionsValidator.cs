using Chat.Api.Connections;
using Microsoft.Extensions.Options;

namespace Chat.Api.Presence;

internal sealed class PresenceOptionsValidator(IOptions<ConnectionOptions> connections) : IValidateOptions<PresenceOptions>
{
    public ValidateOptionsResult Validate(string? name, PresenceOptions options)
    {
        try
        {
            return options.Errors(connections.Value).ToList() is { Count: > 0 } errors ? ValidateOptionsResult.Fail(errors) : ValidateOptionsResult.Success;
        }
        catch (OptionsValidationException)
        {
            return ValidateOptionsResult.Success; // their own validator reports what is wrong with those
        }
    }
}
