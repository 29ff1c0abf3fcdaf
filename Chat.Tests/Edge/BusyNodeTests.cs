using System.Net;
using Chat.Tests.Support;
using Edge.Proxy.Capacity;
using Edge.Proxy.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Xunit;
using Yarp.ReverseProxy.Health;
using Yarp.ReverseProxy.Model;

namespace Chat.Tests.Edge;

/// <summary>Nodes that answer late, either because they are busy or because the edge is. Ten thousand requests at once made the edge take all nodes
/// for gone and turn everybody away for ten seconds.</summary>
public sealed class BusyNodeTests : IAsyncLifetime
{
    private FakeNode? _node;
    private EdgeHost? _edge;

    public async Task InitializeAsync()
    {
        _node = await FakeNode.StartAsync("node");
        _edge = await EdgeHost.StartAsync([("Edge:UpgradeTimeout", "00:00:01"), ("Edge:HealthInterval", "00:01:00")], _node);
    }

    public async Task DisposeAsync()
    {
        await _edge!.DisposeAsync();
        await _node!.DisposeAsync();
    }

    [Fact]
    public async Task Node_ThatIsSilentToOneAndAnswersAnother_IsNotTakenForGone()
    {
        _node!.News = new TaskCompletionSource();
        var silence = NegotiateAsync();
        await Eventually.TrueAsync(() => _node.Asked == 1);

        Assert.Equal(HttpStatusCode.OK, await GetAsync());
        Assert.Equal(HttpStatusCode.ServiceUnavailable, await silence);

        Assert.Equal(HealthStatus.Healthy, await HealthAsync());
        Assert.Equal(HttpStatusCode.OK, await GetAsync());
    }

    [Fact]
    public async Task Node_ThatIsTakenForGone_IsAskedWhereThereIsNoOther_AndIsBackWithItsFirstAnswer()
    {
        _node!.News = new TaskCompletionSource();
        Assert.Equal(HttpStatusCode.ServiceUnavailable, await NegotiateAsync());
        Assert.Equal(HealthStatus.Unhealthy, await HealthAsync());

        _node.News = null;

        Assert.Equal(HttpStatusCode.OK, await NegotiateAsync());
        Assert.Equal(HealthStatus.Healthy, await HealthAsync());
    }

    [Fact]
    public async Task Node_ThatIsTakenForGone_IsLeftAloneWhileThereIsAnother()
    {
        await using var other = await FakeNode.StartAsync("other");
        _node!.News = new TaskCompletionSource();
        Assert.Equal(HttpStatusCode.ServiceUnavailable, await NegotiateAsync());
        _edge!.Set(_node.Node, other.Node);
        await Eventually.TrueAsync(async () => await HealthAsync() == HealthStatus.Healthy);

        for (var i = 0; i < 4; i++)
        {
            Assert.Equal(HttpStatusCode.OK, await NegotiateAsync());
        }

        Assert.Equal(4, other.Asked);
    }

    /// <summary>When every node hung, each client once waited for one node after the other, ten seconds each.</summary>
    [Fact]
    public async Task Nodes_ThatAllAnswerNobody_AreAskedForOneClientASecond_AndTheOthersAreToldAtOnce()
    {
        var time = new ManualTimeProvider();
        await using var edge = await EdgeHost.StartAsync(time, ("Edge:UpgradeTimeout", "00:00:02"), ("Edge:HealthInterval", "00:01:00"));
        edge.Set(_node!.Node);
        _node.News = new TaskCompletionSource();
        Assert.Equal(HttpStatusCode.ServiceUnavailable, await NegotiateAsync(edge));
        var tries = NegotiateAsync(edge);
        await Eventually.TrueAsync(() => _node.Asked == 2);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, await NegotiateAsync(edge));

        Assert.Equal(2, _node.Asked);
        time.Advance(TimeSpan.FromSeconds(1));
        var triesLater = NegotiateAsync(edge);
        await Eventually.TrueAsync(() => _node.Asked == 3);
        _node.News.SetResult();
        await Task.WhenAll(tries, triesLater);
        time.Advance(TimeSpan.FromSeconds(1)); // the two attempts may have waited too long
        Assert.Equal(HttpStatusCode.OK, await NegotiateAsync(edge));
        Assert.Equal(HttpStatusCode.OK, await NegotiateAsync(edge));
    }

    [Fact]
    public void Nodes_OfWhichSomeAnswerNobody_AreTheOthers_UntilAProbeIsAnswered()
    {
        using var services = Services(new RecordingPolicy());
        var answers = services.GetRequiredService<NodeAnswers>();
        var policy = services.GetServices<IActiveHealthCheckPolicy>().Single(policy => policy.Name == NodePolicies.Probe);
        var (cluster, silent, other) = (new ClusterState("nodes"), new DestinationState("silent"), new DestinationState("other"));
        silent.Health.Active = DestinationHealth.Unhealthy;

        policy.ProbingCompleted(cluster, [new(silent, null, new TaskCanceledException()), new(other, null, new TaskCanceledException())]);
        Assert.Equal("other", WorthAsking(mayTry: true));
        answers.NoteSilence(other);
        Assert.Equal("", WorthAsking(mayTry: false));
        Assert.Equal("silent", WorthAsking(mayTry: true));
        Assert.Equal("other", WorthAsking(mayTry: true));
        Assert.Equal("", WorthAsking(mayTry: true));

        using var answer = new HttpResponseMessage(HttpStatusCode.ServiceUnavailable);
        policy.ProbingCompleted(cluster, [new(silent, answer, null)]);
        Assert.Equal("silent", WorthAsking(mayTry: true));

        string WorthAsking(bool mayTry) => string.Join(' ', answers.WorthAsking([silent, other], mayTry).Select(node => node.DestinationId));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Probe_ThatTookTooLong_IsNoFailureOfANodeThatAnswersOthers(bool answersOthers)
    {
        var yarps = new RecordingPolicy();
        using var services = Services(yarps);
        var (cluster, node) = (new ClusterState("nodes"), new DestinationState("node"));
        if (answersOthers)
        {
            services.GetRequiredService<NodeAnswers>().Note(cluster, node);
        }

        services.GetServices<IActiveHealthCheckPolicy>().Single(policy => policy.Name == NodePolicies.Probe)
            .ProbingCompleted(cluster, [new(node, null, new TaskCanceledException())]);

        Assert.Equal(answersOthers ? [] : ["node"], yarps.Judged);
    }

    private async Task<HttpStatusCode> GetAsync()
    {
        using var answer = await _edge!.Http.GetAsync("/api/nodes");
        return answer.StatusCode;
    }

    private static ServiceProvider Services(IActiveHealthCheckPolicy yarps) => new ServiceCollection()
        .AddSingleton(yarps).AddSingleton<IActiveHealthCheckPolicy, NodeProbePolicy>()
        .AddSingleton<TimeProvider>(new ManualTimeProvider()).AddSingleton<IDestinationHealthUpdater, NoUpdater>().AddSingleton<NodeAnswers>().BuildServiceProvider();

    private Task<HttpStatusCode> NegotiateAsync() => NegotiateAsync(_edge!);

    private static async Task<HttpStatusCode> NegotiateAsync(EdgeHost edge)
    {
        using var answer = await edge.Http.PostAsync("/signalr/chat/negotiate", null);
        return answer.StatusCode;
    }

    private async Task<HealthStatus> HealthAsync() =>
        (await _edge!.Get<HealthCheckService>().CheckHealthAsync(check => check.Name == "nodes")).Status;
}
