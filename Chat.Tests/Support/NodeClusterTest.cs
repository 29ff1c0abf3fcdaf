using System.Text.RegularExpressions;
using Xunit;
using Xunit.Abstractions;

namespace Chat.Tests.Support;

/// <summary>Nodes and a Redis with their own settings, shared by the tests of a class or a collection.</summary>
public abstract class NodeClusterFixture(int nodes, bool persists, params (string Key, string Value)[] settings) : IAsyncLifetime
{
    private NodeCluster? _cluster;

    internal NodeCluster Cluster => _cluster ?? throw new InvalidOperationException("It has not started.");

    public async Task InitializeAsync() => _cluster = await NodeCluster.StartAsync(nodes, persists, settings);

    /// <summary>Whether a test here breaks something, so that nodes have reason to log errors.</summary>
    protected virtual bool IsBroken => true;

    public async Task DisposeAsync()
    {
        if (_cluster is not null)
        {
            await _cluster.DisposeAsync();
            var log = _cluster.Log();
            if (!IsBroken && Complaint.IsMatch(log))
            {
                throw new InvalidOperationException($"Nothing was broken, and yet a node complained:\n{log}");
            }
        }
    }

    private static readonly Regex Complaint = new(@"^(warn|fail|crit): ", RegexOptions.Multiline | RegexOptions.CultureInvariant);
}

/// <summary>A test on such nodes. Its output, which runners show when it fails, contains the nodes' output.</summary>
public abstract class NodeClusterTest(NodeClusterFixture fixture, ITestOutputHelper output) : IDisposable
{
    private protected NodeCluster Cluster { get; } = fixture.Cluster;

    public void Dispose()
    {
        output.WriteLine(Cluster.Log());
        GC.SuppressFinalize(this);
    }
}
