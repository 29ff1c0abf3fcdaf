using Microsoft.Extensions.Options;

namespace Chat.Api.ServerApi;

internal sealed class ServerApiOptionsValidator : IValidateOptions<ServerApiOptions>
{
    public ValidateOptionsResult Validate(string? name, ServerApiOptions options)
    {
        string[] errors = [.. options.Errors()];
        return errors.Length == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
    }
}
