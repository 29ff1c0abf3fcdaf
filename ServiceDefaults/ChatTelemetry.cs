namespace ServiceDefaults;

/// <summary>The names under which the project's own activities and measurements are exported.</summary>
public static class ChatTelemetry
{
    /// <summary>Name of the activity source and of the meter: create both with it.</summary>
    public const string Name = "Chat";
}
