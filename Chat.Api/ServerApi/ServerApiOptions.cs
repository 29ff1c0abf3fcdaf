using System.ComponentModel.DataAnnotations;
using Chat.Api.Auth;

namespace Chat.Api.ServerApi;

/// <summary>Limits of the API for backends. Bound from <c>Api</c>, beside the keys (<see cref="ApiKeyOptions"/>). The node does not start with an invalid value.</summary>
internal sealed class ServerApiOptions
{
    public const string Section = ApiKeyOptions.Section;

    /// <summary>The sustained rate of calls of one key, or of one token's user, on this node. Beyond it the answer is 429. Each topic of a
    /// <c>publish-many</c> counts as a call.</summary>
    /// <value>Per second, 0 to 1,000,000. Default 1,000; 0 means no limit.</value>
    [Range(0, 1_000_000)]
    public int CallsPerSecond { get; set; } = 1000;

    /// <summary>How many calls the same caller may make at once after being quiet.</summary>
    /// <value>1 to 1,000,000, at least <see cref="TopicsPerCall"/>. Default 2,000.</value>
    [Range(1, 1_000_000)]
    public int CallBurst { get; set; } = 2000;

    /// <summary>The largest body of a call. Beyond it the answer is 413.</summary>
    /// <value>Bytes, 1 KiB to 16 MiB. Default 512 KiB: a thousand topics with the longest names, and a message of the largest size.</value>
    [Range(1024, 16 * 1024 * 1024)]
    public int BodyBytes { get; set; } = 512 * 1024;

    /// <summary>How long a body may take to arrive. Beyond it the answer is 408.</summary>
    /// <value>100 ms to 5 minutes. Default 10 seconds.</value>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:05:00")]
    public TimeSpan BodyTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How many topics one <c>publish-many</c> may name.</summary>
    /// <value>1 to 10,000. Default 1,000.</value>
    [Range(1, 10_000)]
    public int TopicsPerCall { get; set; } = 1000;

    /// <summary>The most entries in a list that is returned: messages, users, groups.</summary>
    /// <value>1 to 10,000. Default 1,000.</value>
    [Range(1, 10_000)]
    public int PageSize { get; set; } = 1000;

    /// <summary>What is wrong with the combination of these values, one sentence per error.</summary>
    public IEnumerable<string> Errors()
    {
        if (CallsPerSecond > 0 && CallBurst < TopicsPerCall)
        {
            yield return $"{Section}:CallBurst ({CallBurst}) must be at least {Section}:TopicsPerCall ({TopicsPerCall}), or the largest calls never get through.";
        }
    }
}
