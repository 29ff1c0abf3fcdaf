using Chat.Api.Messages;

namespace Chat.Api.Topics;

/// <summary>Is told which users come into topics on this node and which go. Called under a topic's lock: must not wait, block or throw.</summary>
internal interface IMemberListener
{
    void OnCame(Topic topic, string userId);

    void OnWent(Topic topic, string userId);
}
