namespace ServiceDefaults;

/// <summary>A setting keeps the process from starting. The message names the setting, and is all that a person needs.</summary>
public sealed class SettingException(string message) : Exception(message);
