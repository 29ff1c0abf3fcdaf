namespace Chat.Api.Topics;

/// <summary>Knows what has to be looked at when this node was cut off from Redis, before anybody hears what was written meanwhile.</summary>
internal interface IReturnListener
{
    /// <summary>This node hears Redis again. On the thread that reads from Redis.</summary>
    /// <returns>Completes when topics may catch up; before long in any case, and without an error.</returns>
    Task OnReturned();
}
