namespace Chat.Api.Topics;

/// <summary>Shares reads among many who want to know the same: all who ask during a read share the next one.</summary>
/// <remarks>After a node has gone, each client of a large group asks who is in it. And one user may ask as often as calls are allowed, or with as many
/// devices as may be connected. So however many ask, a node reads each thing only once at a time, and no answer is older than its question.</remarks>
internal sealed class SharedReads<TKey, TAnswer>(Func<TKey, Task<TAnswer>> read)
    where TKey : notnull
{
    private readonly Lock _gate = new();
    private readonly Dictionary<TKey, TaskCompletionSource<TAnswer>?> _next = []; // per key being read: the next read, if it was asked for; guarded by _gate

    public Task<TAnswer> ReadAsync(TKey key)
    {
        var asked = new TaskCompletionSource<TAnswer>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            if (_next.TryGetValue(key, out var next))
            {
                _next[key] = next ??= asked;
                return next.Task;
            }

            _next[key] = null;
        }

        _ = RunAsync(key, asked); // throws nothing
        return asked.Task;
    }

    private async Task RunAsync(TKey key, TaskCompletionSource<TAnswer> first)
    {
        for (var asked = first; asked is not null; asked = Next(key))
        {
            try
            {
                asked.SetResult(await read(key));
            }
            catch (Exception exception)
            {
                asked.SetException(exception); // belongs to those who asked
            }
        }
    }

    private TaskCompletionSource<TAnswer>? Next(TKey key)
    {
        lock (_gate)
        {
            var next = _next[key];
            if (next is null)
            {
                _next.Remove(key);
            }
            else
            {
                _next[key] = null;
            }

            return next;
        }
    }
}
