namespace Chat.Api.Topics;

/// <summary>Reads for many who want to know the same: whoever asks while it is read shares the next reading with all others who do.</summary>
/// <remarks>After a node has gone, each client of a large group asks who is in it; and one user may ask as often as there may be calls, or with as many
/// devices as may be connected. So no answer is older than its question, and however many ask, a node reads each thing once at a time.</remarks>
internal sealed class SharedReads<TKey, TAnswer>(Func<TKey, Task<TAnswer>> read)
    where TKey : notnull
{
    private readonly Lock _gate = new();
    private readonly Dictionary<TKey, TaskCompletionSource<TAnswer>?> _next = []; // of what is read; guarded by _gate

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
                asked.SetException(exception); // theirs who asked
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
