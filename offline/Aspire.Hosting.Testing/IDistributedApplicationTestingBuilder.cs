namespace Aspire.Hosting.Testing;

/// <summary>An AppHost that has been put together but not built: a test may still add to it.</summary>
public interface IDistributedApplicationTestingBuilder : IDistributedApplicationBuilder, IAsyncDisposable, IDisposable
{
    /// <summary>Lets the AppHost's code continue, and returns its application, which the test starts.</summary>
    Task<DistributedApplication> BuildAsync(CancellationToken cancellationToken = default);
}
