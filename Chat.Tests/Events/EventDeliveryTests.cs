using System.Net;
using Chat.Api.Events;
using Chat.Api.Messages;
using Chat.Api.Redis;
using Chat.Tests.Backplane;
using Chat.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Xunit;

namespace Chat.Tests.Events;

/// <summary>What becomes of an event that is not accepted, by a clock that the tests move.</summary>
[Collection(GarnetServerGroup.Name)]
public sealed class EventDeliveryTests(GarnetServerFixture redis) : IAsyncLifetime, IDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(30); // the longest between two attempts

    private readonly string _prefix = $"delivery-{Guid.NewGuid():N}:";
    private readonly ManualTimeProvider _time = new();
    private readonly Topic _told = Topic.Group("told");
    private readonly Topic _other = Topic.Group("other");
    private readonly Receiver _receiver = new(Topic.Group("told"));
    private readonly EventOptions _options = new() { Url = "http://receiver/", Secret = EventSink.Secret, GiveUpAfter = TimeSpan.FromMinutes(5) };
    private RedisBackplaneNode? _node;
    private TopicTurns? _turns;
    private EventPartitions? _partitions;
    private EventDelivery? _delivery;
    private EventLosses? _losses;
    private int _published;

    public async Task InitializeAsync()
    {
        _node = await RedisBackplaneNode.StartAsync(redis.Server.ConnectionString, prefix: _prefix, events: new EventRules
        {
            Messages = [TopicPattern.TryParse("group:*", out var all) ? all : throw new FormatException()],
            QueueLength = 100,
            QueueBytes = 64 * 1024,
        });
        var options = Options.Create(_options);
        _turns = new TopicTurns(_time);
        _losses = new EventLosses(_time, NullLogger<EventLosses>.Instance);
        _partitions = _node.Partitions(_turns, _time);
        var metrics = new EventMetrics(NoMeters.Instance, _turns, _time);
        var receiver = new EventReceiver(_receiver, options, metrics, _turns, _time, NullLogger<EventReceiver>.Instance);
        _delivery = new EventDelivery(_node.Events, _partitions, receiver, _turns, _losses, metrics, options, _time, NullLogger<EventDelivery>.Instance);
        await _partitions.StartAsync(CancellationToken.None);
        await _delivery.StartAsync(CancellationToken.None);
        await Eventually.TrueAsync(() =>
        {
            _time.Advance(TimeSpan.FromSeconds(1)); // the first heartbeat
            return _partitions.Has(_told) && _partitions.Has(_other);
        });
    }

    public async Task DisposeAsync()
    {
        await (_delivery?.StopAsync(CancellationToken.None) ?? Task.CompletedTask);
        await (_partitions?.StopAsync(CancellationToken.None) ?? Task.CompletedTask);
        await (_node?.DisposeAsync() ?? ValueTask.CompletedTask);
    }

    public void Dispose()
    {
        _delivery?.Dispose();
        _partitions?.Dispose();
        _losses?.Dispose();
        _turns?.Dispose();
        _receiver.Dispose();
    }

    // Once another topic's event had been accepted after the first failure, all later failures counted as refusals. So a receiver that was away for
    // longer than an event may be refused lost events.
    [Fact]
    public async Task Event_OfAReceiverThatGoesAway_Waits_ThoughOthersWereAcceptedAfterItsFirstFailure()
    {
        _receiver.Answer = Unless(_told, HttpStatusCode.ServiceUnavailable);
        await PublishAsync(_told);
        await AcceptOtherAsync();
        await TryAgainAsync(times: 2);
        _receiver.Answer = static _ => HttpStatusCode.ServiceUnavailable;
        await TryAgainAsync(times: 20);

        Assert.Equal(1, await WaitingAsync());
        _receiver.Answer = static _ => HttpStatusCode.NoContent;
        await TryAgainAsync(times: 1);
        await Eventually.TrueAsync(async () => await WaitingAsync() == 0);
    }

    [Theory]
    [InlineData(HttpStatusCode.ServiceUnavailable)]
    [InlineData(HttpStatusCode.InternalServerError)]
    public async Task Event_ThatIsNotTaken_WhileOthersAre_IsGivenUp(HttpStatusCode answer)
    {
        _receiver.Answer = Unless(_told, answer);
        await PublishAsync(_told);
        Assert.True(await PausedAsync());
        var began = _time.GetUtcNow();
        while (await PausedAsync())
        {
            await AcceptOtherAsync();
            await TryAgainAsync(times: 1);
        }

        Assert.InRange(_time.GetUtcNow() - began, _options.GiveUpAfter, _options.GiveUpAfter + (2 * Pause));
    }

    // The event was refused twice within seconds of the receiver's presence. Its absence in between does not count.
    [Fact]
    public async Task Event_ThatIsRefused_BeforeAndAfterTheReceiverWasAway_Waits()
    {
        _receiver.Answer = static _ => HttpStatusCode.InternalServerError;
        await PublishAsync(_told);
        await TryAgainAsync(times: 2);
        _receiver.Answer = static _ => HttpStatusCode.BadGateway;
        await TryAgainAsync(times: 20);
        _receiver.Answer = static _ => HttpStatusCode.InternalServerError;
        await TryAgainAsync(times: 2);

        Assert.Equal(1, await WaitingAsync());
    }

    private static Func<string, HttpStatusCode> Unless(Topic topic, HttpStatusCode other) =>
        body => body.Contains($"\"{topic.Name}\"", StringComparison.Ordinal) ? other : HttpStatusCode.NoContent;

    private async Task PublishAsync(Topic topic) => Assert.True((await _node!.PublishAsync(topic, "x", $"m{++_published}")).IsPublished);

    private async Task AcceptOtherAsync()
    {
        await PausedAsync();
        _time.Advance(TimeSpan.FromMilliseconds(1));
        var accepted = _receiver.Accepted;
        await PublishAsync(_other);
        await Eventually.TrueAsync(() => _receiver.Accepted > accepted);
    }

    private async Task TryAgainAsync(int times)
    {
        for (var i = 0; i < times; i++)
        {
            await PausedAsync();
            var tried = _receiver.Tried;
            _time.Advance(Pause);
            await Eventually.TrueAsync(() => _receiver.Tried > tried);
        }
    }

    // Returns false if there will be no other attempt.
    private async Task<bool> PausedAsync()
    {
        await Eventually.TrueAsync(async () => _turns!.Pausing == 1 || await WaitingAsync() == 0);
        return _turns!.Pausing == 1;
    }

    private async Task<long> WaitingAsync() => (await _node!.Events.ReadAsync(_told, 10, int.MaxValue)).Length;

    private sealed class Receiver(Topic told) : HttpMessageHandler, IHttpClientFactory
    {
        private int _tried;
        private int _accepted;

        public Func<string, HttpStatusCode> Answer { get; set; } = static _ => HttpStatusCode.NoContent;

        /// <summary>The number of requests with the events that the tests are about.</summary>
        public int Tried => Volatile.Read(ref _tried);

        public int Accepted => Volatile.Read(ref _accepted);

        public HttpClient CreateClient(string name) => new(this, disposeHandler: false);

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var body = await request.Content!.ReadAsStringAsync(cancellationToken);
            var answer = Answer(body);
            Interlocked.Add(ref _accepted, answer == HttpStatusCode.NoContent ? 1 : 0);
            Interlocked.Add(ref _tried, body.Contains($"\"{told.Name}\"", StringComparison.Ordinal) ? 1 : 0);
            return new HttpResponseMessage(answer);
        }
    }
}
