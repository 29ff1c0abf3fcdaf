namespace Aspire.Hosting.ApplicationModel;

/// <summary>An address that people can open, with a name for them.</summary>
public sealed class ResourceUrlAnnotation : IResourceAnnotation
{
    /// <summary>Absolute, or relative to the endpoint's own address.</summary>
    public required string Url { get; set; }

    /// <summary>The name that people read.</summary>
    public string? DisplayText { get; set; }

    /// <summary>The endpoint that it belongs to.</summary>
    public EndpointReference? Endpoint { get; init; }
}

/// <summary>An address in a resource's state.</summary>
public sealed record UrlSnapshot(string? Name, string Url, bool IsInternal)
{
    /// <summary>How the address is shown.</summary>
    public UrlDisplayPropertiesSnapshot DisplayProperties { get; init; } = new();
}

/// <summary>How an address is shown.</summary>
public sealed record UrlDisplayPropertiesSnapshot(string DisplayName = "", int SortOrder = 0);

/// <summary>A variable that a process was started with.</summary>
public sealed record EnvironmentVariableSnapshot(string Name, string? Value, bool IsFromSpec);

/// <summary>Changes an endpoint's own address, or creates a further one.</summary>
internal sealed record UrlCallback(string EndpointName, Action<ResourceUrlAnnotation>? Change, Func<EndpointReference, ResourceUrlAnnotation>? Make) : IResourceAnnotation;
