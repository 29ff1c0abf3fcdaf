namespace ServiceDefaults;

/// <summary>What a process does for its clients before it stops.</summary>
public interface IDrain
{
    /// <summary>Returns when every client has been sent elsewhere, or has had the time to go. Further calls wait for the first one.</summary>
    Task RunAsync();

    /// <summary>From now on, the drain waits for nobody.</summary>
    void Hurry();
}
