using Xunit;
using Xunit.Abstractions;

namespace Chat.Tests.Support;

/// <summary>A test on the whole cluster. Its output, which runners show when it fails, contains the resources' logs.</summary>
[Collection(ClusterGroup.Name)]
public abstract class ClusterTest(ClusterFixture cluster, ITestOutputHelper output) : IDisposable
{
    private protected ClusterFixture Cluster => cluster;

    public void Dispose()
    {
        output.WriteLine(cluster.TakeLog());
        GC.SuppressFinalize(this);
    }
}
