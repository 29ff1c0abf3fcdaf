namespace Chat.Api.Backplane;

/// <summary>More is being written to a topic than its limits allow. A later try may succeed.</summary>
internal sealed class TopicBusyException() : Exception("Too much is written to the topic.");

/// <summary>Redis did not answer, or answered with an error that a later try may not meet.</summary>
internal sealed class BackplaneUnavailableException(string message) : Exception(message);
