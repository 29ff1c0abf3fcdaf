using Edge.Proxy.Origins;
using Microsoft.Extensions.Options;

namespace Edge.Proxy;

internal sealed class EdgeOptionsValidator(IConfiguration configuration) : IValidateOptions<EdgeOptions>
{
    public ValidateOptionsResult Validate(string? name, EdgeOptions options)
    {
        List<string> errors = [];
        if (options.Upstream is null && string.IsNullOrWhiteSpace(configuration.GetConnectionString("redis")))
        {
            errors.Add("ConnectionStrings:redis is not set; the nodes are found through it (or set Edge:Upstream to one address for all nodes).");
        }

        if (options.Upstream is not null && !(Uri.TryCreate(options.Upstream, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https"))
        {
            errors.Add($"Edge:Upstream must be an absolute http or https URL; it is '{options.Upstream}'.");
        }

        Within(nameof(EdgeOptions.ActivityTimeout), options.ActivityTimeout, TimeSpan.FromMinutes(1), TimeSpan.FromDays(1));
        Within(nameof(EdgeOptions.UpgradeTimeout), options.UpgradeTimeout, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(2));
        Within(nameof(EdgeOptions.Connections), options.Connections ?? 1, 1, 1_000_000);
        Within(nameof(EdgeOptions.ConnectionsPerSecond), options.ConnectionsPerSecond, 0, 1_000_000);
        Within(nameof(EdgeOptions.AddressConnectionsPerSecond), options.AddressConnectionsPerSecond, 0, 1_000_000);
        Within(nameof(EdgeOptions.UpgradesAtOnce), options.UpgradesAtOnce, 0, 1_000_000);
        Within(nameof(EdgeOptions.UpgradesWaiting), options.UpgradesWaiting, 0, 1_000_000);
        Within(nameof(EdgeOptions.HeaderTimeout), options.HeaderTimeout, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(2));
        Within(nameof(EdgeOptions.KeepAliveTimeout), options.KeepAliveTimeout, TimeSpan.FromSeconds(5), TimeSpan.FromHours(1));
        Within(nameof(EdgeOptions.BodyBytesPerSecond), options.BodyBytesPerSecond, 0, 1024 * 1024);
        Within(nameof(EdgeOptions.UntakenAnswers), options.UntakenAnswers, 1, 1_000_000);
        Within(nameof(EdgeOptions.StopDelay), options.StopDelay ?? TimeSpan.Zero, TimeSpan.Zero, TimeSpan.FromSeconds(10));
        Within(nameof(EdgeOptions.Attempts), options.Attempts, 1, 100);
        Within(nameof(EdgeOptions.PollInterval), options.PollInterval, TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(10));
        Within(nameof(EdgeOptions.HealthInterval), options.HealthInterval, TimeSpan.FromMilliseconds(500), TimeSpan.FromMinutes(1));
        Within(nameof(EdgeOptions.RequestBodyBytes), options.RequestBodyBytes, 1024, 1024 * 1024 * 1024);
        if (options.AffinityKey is { Length: < 16 })
        {
            errors.Add("Edge:AffinityKey must have at least 16 characters; without it, the edges agree on one by themselves.");
        }

        errors.AddRange(options.AllowedOrigins
            .Where(origin => !Origin.TryNormalize(origin, out _))
            .Select(origin => $"Edge:AllowedOrigins must name origins: {Origin.Rule}; one is '{origin}'."));
        return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);

        void Within<T>(string setting, T value, T from, T to)
            where T : IComparable<T>
        {
            if (value.CompareTo(from) < 0 || value.CompareTo(to) > 0)
            {
                errors.Add($"{EdgeOptions.Section}:{setting} must be {from} to {to}; it is {value}.");
            }
        }
    }
}
