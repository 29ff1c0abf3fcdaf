namespace Microsoft.AspNetCore.SignalR.StackExchangeRedis.Internal;

/// <summary>Puts an end to waiting for Redis: this version of its client has none of its own.</summary>
internal static class RedisAnswer
{
    /// <exception cref="TimeoutException">Redis did not answer; it may still do what it was asked.</exception>
    public static async Task<T> WithinAsync<T>(
        this Task<T> answer, SignalLimits limits, TimeProvider time, string command, CancellationToken cancellationToken = default)
    {
        try
        {
            return await answer.WaitAsync(limits.RedisAnswer, time, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException timeout) when (!answer.IsCompleted)
        {
            throw new TimeoutException($"Redis did not answer {command} within {limits.RedisAnswer.TotalSeconds} s.", timeout);
        }
    }
}
