using Chat.Api.Connections;
using Chat.Api.Messages;
using Chat.Api.Nodes;
using Chat.Api.Operations;
using Chat.Api.RawEndpoints;
using Chat.Tests.Backplane;
using Chat.Tests.Support;
using Chat.Tests.Topics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;
using Xunit;

namespace Chat.Tests.Operations;

/// <summary>A report names only the largest few, however many there are on a node.</summary>
public sealed class ReportQuestionTests : IDisposable
{
    private readonly ConnectionTable _connections = new(Options.Create(new ConnectionOptions()), new ConnectionMetrics(NoMeters.Instance), TimeProvider.System);
    private readonly Chat.Api.Topics.TopicTable _topics = TestTopics.New();
    private readonly WatchedMeters _meters = new(NoMeters.Instance, TimeProvider.System);
    private readonly NodeIdentity _node = new(TimeProvider.System);
    private readonly ServiceProvider _services;
    private readonly ReportQuestion _question;

    public ReportQuestionTests()
    {
        var services = new ServiceCollection().AddLogging();
        services.AddHealthChecks()
            .AddCheck("fine", () => HealthCheckResult.Healthy())
            .AddCheck("torn", () => HealthCheckResult.Unhealthy("it is torn"));
        _services = services.BuildServiceProvider();
        _question = new ReportQuestion(_node, _connections, _topics, _services.GetRequiredService<HealthCheckService>(), _meters);
        var backplane = new MemoryBackplane { Listener = _topics };
        _topics.Attach(backplane);
    }

    public void Dispose()
    {
        _meters.Dispose();
        _topics.Dispose();
        _services.Dispose();
    }

    [Fact]
    public async Task Clients_ForWhichTheMostWaits_AreNamed_AndNoOthers()
    {
        for (var number = 1; number <= 50; number++)
        {
            _connections.Add(new FullConnection(number, number * 1000));
        }

        var waiting = (await _question.MakeAsync()).Waiting;

        Assert.Equal(Enumerable.Range(31, 20).Reverse().Select(number => new WaitingClient($"u{number}", _node.Id, number * 1000)), waiting);
    }

    [Fact]
    public async Task Clients_ForWhomLittleWaits_AreNotNamed()
    {
        _connections.Add(new FullConnection(1, 1000));

        Assert.Empty((await _question.MakeAsync()).Waiting);
    }

    [Fact]
    public async Task Topics_WithTheMostMembers_AreNamed_AndAllAreCounted()
    {
        for (var size = 0; size < 30; size++)
        {
            var topic = await _topics.AcquireAsync(Topic.Group($"g{size}"));
            for (var member = 0; member < size; member++)
            {
                topic.Join(new RecordingConnection(member));
            }
        }

        var report = await _question.MakeAsync();

        Assert.Equal(30, report.Topics);
        Assert.Equal(Enumerable.Range(10, 20).Reverse().Select(size => new TopicMembers($"group:g{size}", size)), report.Largest);
    }

    [Fact]
    public async Task Checks_ThatFail_AreNamed() =>
        Assert.Equal([new("torn", "it is torn")], (await _question.MakeAsync()).Failing);

    private sealed class FullConnection(long number, long waiting) : Connection(number, "u" + number, WebSocketFormat.Json)
    {
        public override long WaitingBytes => waiting;

        public override void Enqueue(Frame frame)
        {
            // Nothing more fits in.
        }

        public override Task HasRoomAsync() => Task.CompletedTask;

        public override void Close(CloseReason reason)
        {
            // Nobody closes it.
        }

        public override void Tend(TendingRound round)
        {
            // Nobody tends it.
        }
    }
}
