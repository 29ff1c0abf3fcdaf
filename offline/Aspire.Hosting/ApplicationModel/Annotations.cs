namespace Aspire.Hosting.ApplicationModel;

/// <summary>The number of processes that a project runs as.</summary>
internal sealed record ReplicaAnnotation(int Replicas) : IResourceAnnotation;

/// <summary>The built project behind a project resource.</summary>
internal sealed record ProjectAnnotation(IProjectMetadata Project) : IResourceAnnotation;

/// <summary>Adds to the environment. Runs when the process starts, once everything that it waits for is there.</summary>
internal sealed record EnvironmentAnnotation(Func<IDictionary<string, object>, CancellationToken, Task> AddAsync) : IResourceAnnotation;

/// <summary>Arguments: texts, or values that are known only when the process starts.</summary>
internal sealed record ArgsAnnotation(IReadOnlyList<object> Args) : IResourceAnnotation;

/// <summary>The resource starts only once the other is healthy.</summary>
internal sealed record WaitAnnotation(IResource Resource) : IResourceAnnotation;

/// <summary>The name of a registered health check that says whether this resource is healthy.</summary>
internal sealed record HealthCheckAnnotation(string Key) : IResourceAnnotation;

/// <summary>Called once the resource is healthy for the first time.</summary>
internal sealed record ReadyAnnotation(Func<IResource, ResourceReadyEvent, CancellationToken, Task> OnReadyAsync) : IResourceAnnotation;
