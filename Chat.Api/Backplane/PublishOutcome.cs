using System.Text;

namespace Chat.Api.Backplane;

/// <summary>The outcome of one publish as a task.</summary>
internal sealed class PublishOutcome : IPublishOutcome
{
    private readonly TaskCompletionSource<Published> _outcome = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <exception cref="BackplaneUnavailableException">It may or may not have been published; trying again with the same message id is safe.</exception>
    /// <exception cref="TopicBusyException">It was not published.</exception>
    public Task<Published> Task => _outcome.Task;

    void IPublishOutcome.Published(ReadOnlySpan<byte> id, ReadOnlySpan<byte> epoch, long offset, bool fromClient) =>
        _outcome.TrySetResult(new Published(Encoding.UTF8.GetString(id), Encoding.ASCII.GetString(epoch), offset));

    void IPublishOutcome.NotPublished(ReadOnlySpan<byte> id, bool fromClient) =>
        _outcome.TrySetException(new BackplaneUnavailableException("The message could not be published."));

    void IPublishOutcome.TopicBusy(ReadOnlySpan<byte> id, bool fromClient) => _outcome.TrySetException(new TopicBusyException());
}

/// <param name="Id">The message id.</param>
/// <param name="Epoch">Empty for what has no log.</param>
/// <param name="Offset">0 for what has no log.</param>
internal sealed record Published(string Id, string Epoch, long Offset);
