namespace Chat.Api.Backplane;

/// <summary>Learns what became of a publish. Called on a backplane thread: must not wait, block or throw.</summary>
internal interface IPublishOutcome
{
    /// <param name="id">The message id: the client's, or the one that this node gave.</param>
    /// <param name="epoch">Empty if it is in no log.</param>
    /// <param name="offset">0 if it is in no log.</param>
    /// <param name="fromClient">Whether the id is the client's.</param>
    void Published(ReadOnlySpan<byte> id, ReadOnlySpan<byte> epoch, long offset, bool fromClient);

    /// <summary>It may or may not have been published; trying again with the same message id is safe.</summary>
    void NotPublished(ReadOnlySpan<byte> id, bool fromClient);

    /// <summary>It was not published: more is being written to the topic than its limits allow. Trying again in a while is safe.</summary>
    void TopicBusy(ReadOnlySpan<byte> id, bool fromClient) => NotPublished(id, fromClient);
}
