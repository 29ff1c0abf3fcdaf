using Chat.Api.Nodes;
using Chat.Tests.Support;
using ServiceDefaults.Nodes;
using Xunit;

namespace Chat.Tests.Nodes;

public sealed class StoppedEdgesTests
{
    [Fact]
    public void Edge_IsNewsOnce_AndForgottenInTheEnd()
    {
        var time = new ManualTimeProvider();
        var edges = new StoppedEdges(time);

        Assert.True(edges.TryAdd("one"));
        Assert.False(edges.TryAdd("one"));
        Assert.True(edges.Contains("one"));
        Assert.False(edges.Contains("two"));
        Assert.False(edges.Contains(null));
        Assert.True(edges.News.TryRead(out var news));
        Assert.Equal("one", news);
        Assert.False(edges.News.TryRead(out _));

        time.Advance(TimeSpan.FromMinutes(3));
        Assert.True(edges.TryAdd("two"));
        Assert.False(edges.Contains("one"));
    }

    [Fact]
    public void Edges_MadeUpBySomebody_AreBounded_AndRealOnesAreHeardLater()
    {
        var time = new ManualTimeProvider();
        var edges = new StoppedEdges(time);
        for (var i = 0; i < StoppedEdges.Most; i++)
        {
            Assert.True(edges.TryAdd($"{i}"));
        }

        Assert.False(edges.TryAdd("one more"));
        time.Advance(TimeSpan.FromMinutes(3));
        Assert.True(edges.TryAdd("one more"));
    }

    [Fact]
    public void Announcement_IsRead_AndANodesIdIsNone()
    {
        var id = EdgeStop.NewId();

        Assert.True(EdgeStop.TryParse(EdgeStop.Announcement(id), out var edge));
        Assert.Equal(id, edge);
        Assert.False(EdgeStop.TryParse("ixmxxzrw", out _));
        Assert.False(EdgeStop.TryParse("edge:" + id[1..], out _));
        Assert.False(EdgeStop.TryParse("edge:" + id[1..] + ":", out _));
    }
}
