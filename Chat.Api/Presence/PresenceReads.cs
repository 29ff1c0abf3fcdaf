using Chat.Api.Messages;

namespace Chat.Api.Presence;

/// <summary>Reads for many who want to know the same: whoever asks while a topic is read shares the next reading with all others who do.</summary>
/// <remarks>After a node has gone, each client of a large group asks who is in it; and one user may ask as often as there may be calls. So no answer
/// is older than its question, and however many ask, a node reads a topic once at a time.</remarks>
internal sealed class PresenceReads(Func<Topic, Task<PresenceNews>> read)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, TaskCompletionSource<PresenceNews>?> _next = new(StringComparer.Ordinal); // of topics that are read; guarded by _gate

    public Task<PresenceNews> ReadAsync(Topic topic)
    {
        var asked = new TaskCompletionSource<PresenceNews>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            if (_next.TryGetValue(topic.Name, out var next))
            {
                _next[topic.Name] = next ??= asked;
                return next.Task;
            }

            _next[topic.Name] = null;
        }

        _ = RunAsync(topic, asked); // throws nothing
        return asked.Task;
    }

    private async Task RunAsync(Topic topic, TaskCompletionSource<PresenceNews> first)
    {
        for (var asked = first; asked is not null; asked = Next(topic))
        {
            try
            {
                asked.SetResult(await read(topic));
            }
            catch (Exception exception)
            {
                asked.SetException(exception); // theirs who asked
            }
        }
    }

    private TaskCompletionSource<PresenceNews>? Next(Topic topic)
    {
        lock (_gate)
        {
            var next = _next[topic.Name];
            if (next is null)
            {
                _next.Remove(topic.Name);
            }
            else
            {
                _next[topic.Name] = null;
            }

            return next;
        }
    }
}
