namespace Chat.Api.Topics;

/// <summary>Checks what has to be checked after this node was cut off from Redis, before anybody gets what was published in the meantime.</summary>
internal interface IReturnListener
{
    /// <summary>This node hears Redis again. Called on the thread that reads from Redis.</summary>
    /// <returns>A task that completes when topics may catch up. It always completes before long, and without an error.</returns>
    Task OnReturned();
}
