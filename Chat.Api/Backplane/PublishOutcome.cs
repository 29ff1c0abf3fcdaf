using System.Text;

namespace Chat.Api.Backplane;

/// <summary>The outcome of one publish as a task.</summary>
/// <param name="inline">Whether the code that awaits a success continues on the very thread that has read Redis's answer. That saves
/// waking two others, a fifth of what a call of the server API costs. Only for code that is soon done and never blocks.</param>
internal sealed class PublishOutcome(bool inline = false) : IPublishOutcome
{
    private readonly TaskCompletionSource<Published> _outcome = new(inline ? TaskCreationOptions.None : TaskCreationOptions.RunContinuationsAsynchronously);

    /// <exception cref="BackplaneUnavailableException">It may or may not have been published; trying again with the same message id is safe.</exception>
    /// <exception cref="TopicBusyException">It was not published.</exception>
    public Task<Published> Task => _outcome.Task;

    void IPublishOutcome.Published(ReadOnlySpan<byte> id, ReadOnlySpan<byte> epoch, long offset, bool fromClient) =>
        _outcome.TrySetResult(new Published(Encoding.UTF8.GetString(id), Encoding.ASCII.GetString(epoch), offset));

    void IPublishOutcome.NotPublished(ReadOnlySpan<byte> id, bool fromClient) =>
        Fail(new BackplaneUnavailableException("The message could not be published."));

    void IPublishOutcome.TopicBusy(ReadOnlySpan<byte> id, bool fromClient) => Fail(new TopicBusyException());

    // Never inline: a link that breaks fails everything under way while it holds its locks.
    private void Fail(Exception exception)
    {
        if (!inline)
        {
            _outcome.TrySetException(exception);
            return;
        }

        ThreadPool.UnsafeQueueUserWorkItem(static failed => failed._outcome.TrySetException(failed.exception), (_outcome, exception), preferLocal: false);
    }
}

/// <param name="Id">The message id.</param>
/// <param name="Epoch">Empty if it is in no log.</param>
/// <param name="Offset">0 if it is in no log.</param>
internal sealed record Published(string Id, string Epoch, long Offset);
