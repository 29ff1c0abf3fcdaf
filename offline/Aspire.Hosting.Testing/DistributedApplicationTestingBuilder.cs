namespace Aspire.Hosting.Testing;

/// <summary>Runs an AppHost's own code inside a test. Ports are random, and there is no dashboard.</summary>
public static class DistributedApplicationTestingBuilder
{
    /// <summary>Runs the AppHost that the type belongs to, <c>Projects.AppHost</c>, up to its <c>Build()</c>.</summary>
    public static Task<IDistributedApplicationTestingBuilder> CreateAsync<TEntryPoint>(CancellationToken cancellationToken = default)
        where TEntryPoint : class => CreateAsync<TEntryPoint>([], cancellationToken);

    /// <inheritdoc cref="CreateAsync{TEntryPoint}(CancellationToken)"/>
    /// <param name="args">The AppHost's arguments, as on its command line.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="InvalidOperationException">The AppHost's code ended without building an application.</exception>
    public static async Task<IDistributedApplicationTestingBuilder> CreateAsync<TEntryPoint>(
        string[] args, CancellationToken cancellationToken = default)
        where TEntryPoint : class
    {
        var run = new AppHostRun(typeof(TEntryPoint).Assembly, args);
        return new TestingBuilder(await run.ReachBuildAsync(cancellationToken).ConfigureAwait(false), run);
    }
}
