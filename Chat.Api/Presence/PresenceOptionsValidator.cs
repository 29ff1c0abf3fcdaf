using Chat.Api.Connections;
using Microsoft.Extensions.Options;

namespace Chat.Api.Presence;

internal sealed class PresenceOptionsValidator(IOptions<ConnectionOptions> connections) : IValidateOptions<PresenceOptions>
{
    public ValidateOptionsResult Validate(string? name, PresenceOptions options) =>
        options.Errors(connections.Value).ToList() is { Count: > 0 } errors ? ValidateOptionsResult.Fail(errors) : ValidateOptionsResult.Success;
}
