using Microsoft.Extensions.Options;

namespace Chat.Api.Nodes;

internal sealed class NodeOptionsValidator(IConfiguration configuration) : IValidateOptions<NodeOptions>
{
    public ValidateOptionsResult Validate(string? name, NodeOptions options)
    {
        List<string> errors = [];
        if (string.IsNullOrWhiteSpace(configuration.GetConnectionString("redis")))
        {
            errors.Add("ConnectionStrings:redis is not set; it names the Redis that ties the nodes together, for example localhost:6379.");
        }

        if (options.Heartbeat < TimeSpan.FromMilliseconds(100) || options.Heartbeat > TimeSpan.FromMinutes(1))
        {
            errors.Add($"{NodeOptions.Section}:Heartbeat must be 00:00:00.1 to 00:01:00; it is {options.Heartbeat}.");
        }

        if (options.Lease < 3 * options.Heartbeat || options.Lease > TimeSpan.FromMinutes(10))
        {
            errors.Add($"{NodeOptions.Section}:Lease must be at least 3 heartbeats ({3 * options.Heartbeat}) and at most 00:10:00; it is {options.Lease}.");
        }

        if (options.OrderTimeout < TimeSpan.FromMilliseconds(100) || options.OrderTimeout > TimeSpan.FromMinutes(1))
        {
            errors.Add($"{NodeOptions.Section}:OrderTimeout must be 00:00:00.1 to 00:01:00; it is {options.OrderTimeout}.");
        }

        if (options.Address is not null && !IsHttp(options.Address))
        {
            errors.Add($"{NodeOptions.Section}:Address must be an absolute http or https URL; it is '{options.Address}'.");
        }

        return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
    }

    private static bool IsHttp(string address) =>
        Uri.TryCreate(address, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https";
}
