namespace ServiceDefaults;

/// <summary>What a process does for its clients before it stops.</summary>
public interface IDrain
{
    /// <summary>Returns when every client has been sent elsewhere, or has had the time to go. Whoever calls it again waits for the first call.</summary>
    Task RunAsync();

    /// <summary>From now on nobody is waited for.</summary>
    void Hurry();
}
