using System.Collections.Concurrent;

namespace Microsoft.AspNetCore.SignalR.StackExchangeRedis.Internal;

/// <summary>The questions of this node that others have not answered yet.</summary>
internal sealed class PendingAnswers : IDisposable
{
    private readonly ConcurrentDictionary<long, TaskCompletionSource<bool>> _questions = new();
    private long _last;
    private volatile bool _isDisposed;

    public int Count => _questions.Count;

    /// <summary>The task ends with whether the other node did as asked. <see cref="Close"/> it in any case.</summary>
    public (long Question, Task<bool> Answer) Open()
    {
        var question = Interlocked.Increment(ref _last);
        var answer = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        _questions[question] = answer;
        if (_isDisposed)
        {
            Dispose();
        }

        return (question, answer.Task);
    }

    public void Close(long question) => _questions.TryRemove(question, out _);

    /// <summary>An answer that comes too late, or was never asked for, is none.</summary>
    public void Set(AnswerFrame answer)
    {
        if (_questions.TryGetValue(answer.Question, out var question))
        {
            question.TrySetResult(answer.IsDone);
        }
    }

    public void Dispose()
    {
        _isDisposed = true;
        foreach (var question in _questions.Values)
        {
            question.TrySetException(new ObjectDisposedException(nameof(PendingAnswers), "The hub has ended."));
        }
    }
}
