using Microsoft.Extensions.Options;

namespace Chat.Api.Backplane;

internal sealed class BackplaneOptionsValidator : IValidateOptions<BackplaneOptions>
{
    public ValidateOptionsResult Validate(string? name, BackplaneOptions options)
    {
        string[] errors = [.. options.Errors()];
        return errors.Length == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
    }
}
