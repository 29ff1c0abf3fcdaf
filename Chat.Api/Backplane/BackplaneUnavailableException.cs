namespace Chat.Api.Backplane;

/// <summary>More is written to a topic than may be; a later try may succeed.</summary>
internal sealed class TopicBusyException() : Exception("Too much is written to the topic.");

/// <summary>Redis did not answer, or answered with an error that a later try may not get.</summary>
internal sealed class BackplaneUnavailableException(string message) : Exception(message);
