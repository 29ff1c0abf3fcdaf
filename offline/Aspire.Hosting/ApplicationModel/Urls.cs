namespace Aspire.Hosting.ApplicationModel;

/// <summary>An address to look at, with a name for people.</summary>
public sealed class ResourceUrlAnnotation : IResourceAnnotation
{
    /// <summary>Absolute, or relative to its endpoint.</summary>
    public required string Url { get; set; }

    /// <summary>What people read.</summary>
    public string? DisplayText { get; set; }

    /// <summary>Whose it is.</summary>
    public EndpointReference? Endpoint { get; init; }
}

/// <summary>An address as the resource's state has it.</summary>
public sealed record UrlSnapshot(string? Name, string Url, bool IsInternal)
{
    /// <summary>How it is shown.</summary>
    public UrlDisplayPropertiesSnapshot DisplayProperties { get; init; } = new();
}

/// <summary>How an address is shown.</summary>
public sealed record UrlDisplayPropertiesSnapshot(string DisplayName = "", int SortOrder = 0);

/// <summary>A variable that a process was started with.</summary>
public sealed record EnvironmentVariableSnapshot(string Name, string? Value, bool IsFromSpec);

/// <summary>Changes an endpoint's own address, or makes a further one.</summary>
internal sealed record UrlCallback(string EndpointName, Action<ResourceUrlAnnotation>? Change, Func<EndpointReference, ResourceUrlAnnotation>? Make) : IResourceAnnotation;
