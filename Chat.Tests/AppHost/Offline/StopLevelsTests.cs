using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Offline;
using Xunit;

namespace Chat.Tests.AppHost.Offline;

public class StopLevelsTests
{
    [Fact]
    public void Stop_TakesThoseFirstWhomNobodyWaitsFor()
    {
        var redis = new ExecutableResource("redis", "redis-server", ".");
        var nodes = Waiting("nodes", redis);
        var edge = Waiting("edge", redis, nodes);

        Assert.Equal([["edge"], ["nodes"], ["redis"]], Names([redis, nodes, edge]));
    }

    [Fact]
    public void Stop_WhenTwoWaitForEachOther_TakesThemTogether()
    {
        var one = Waiting("one");
        var two = Waiting("two", one);
        one.Annotations.Add(new WaitAnnotation(two));

        Assert.Equal([["one", "two"]], Names([one, two]));
    }

    private static ProjectResource Waiting(string name, params IResource[] others)
    {
        var resource = new ProjectResource(name);
        foreach (var other in others)
        {
            resource.Annotations.Add(new WaitAnnotation(other));
        }

        return resource;
    }

    private static string[][] Names(IResource[] resources) =>
        [.. StopLevels.Of(resources).Select(level => level.Select(resource => resource.Name).ToArray())];
}
