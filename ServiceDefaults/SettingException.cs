namespace ServiceDefaults;

/// <summary>A setting keeps the process from starting. The message names it and is all that a person needs.</summary>
public sealed class SettingException(string message) : Exception(message);
