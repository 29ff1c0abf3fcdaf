using System.Text;
using Chat.Api.Backplane;

namespace Chat.Tests.Backplane;

/// <summary>The outcome of a publish.</summary>
internal sealed class Outcome : IPublishOutcome
{
    private readonly TaskCompletionSource<Outcome> _told = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task<Outcome> Task => _told.Task;

    public bool IsPublished { get; private set; }

    public string Id { get; private set; } = "";

    public string Epoch { get; private set; } = "";

    public long Offset { get; private set; }

    public void Published(ReadOnlySpan<byte> id, ReadOnlySpan<byte> epoch, long offset, bool fromClient)
    {
        IsPublished = true;
        Id = Encoding.UTF8.GetString(id);
        Epoch = Encoding.UTF8.GetString(epoch);
        Offset = offset;
        _told.SetResult(this); // throws when told twice
    }

    public bool IsTopicBusy { get; private set; }

    public void TopicBusy(ReadOnlySpan<byte> id, bool fromClient)
    {
        IsTopicBusy = true;
        NotPublished(id, fromClient);
    }

    public void NotPublished(ReadOnlySpan<byte> id, bool fromClient)
    {
        Id = Encoding.UTF8.GetString(id);
        _told.SetResult(this);
    }
}
