using System.Threading.Channels;
using Edge.Proxy.Affinity;
using Edge.Proxy.Nodes;
using Microsoft.Extensions.Options;

namespace Edge.Proxy.Routing;

/// <summary>
/// Keeps the proxy's destinations equal to the live nodes: reads the registry on every announcement and on a timer.
/// While Redis is away the last known nodes stay, under their health checks.
/// </summary>
internal sealed partial class NodeFollower(
    NodeRegistry registry,
    NodeDestinations destinations,
    NodeCookie cookie,
    IOptions<EdgeOptions> options,
    TimeProvider time,
    ILogger<NodeFollower> logger) : BackgroundService
{
    // Holds one wake-up: any number of announcements leads to one reading.
    private readonly Channel<bool> _wakes = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    private readonly Lock _gate = new(); // guards _announced
    private readonly KnownNodes _known = new(time);
    private HashSet<string> _announced = [];
    private IReadOnlyList<Node> _nodes = [];
    private string _ready = "";
    private bool _listening;
    private bool _redisAnswers = true;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await using var timer = time.CreateTimer(_ => Wake(), null, TimeSpan.Zero, options.Value.PollInterval);
        try
        {
            await foreach (var _ in _wakes.Reader.ReadAllAsync(stoppingToken))
            {
                await FollowAsync();
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
        }
    }

    private async Task FollowAsync()
    {
        try
        {
            if (!_listening)
            {
                await registry.ListenAsync(OnAnnounced);
                _listening = true;
            }

            if (!cookie.IsConfigured)
            {
                // Before the first nodes are set, so that no cookie is ever signed with a key that the other edges do not have.
                cookie.Use(await registry.AgreeOnKeyAsync(cookie.Key));
            }

            await UpdateAsync();
        }
        catch (Exception exception)
        {
            // Whatever it was, the last known nodes are better than none, and the next reading may succeed.
            if (_redisAnswers)
            {
                _redisAnswers = false;
                // The client library appends a screenful of its state.
                LogRegistryAway(_known.Ready.Count, exception.Message.Split(';')[0]);
            }

            return;
        }

        if (!_redisAnswers)
        {
            _redisAnswers = true;
            LogRegistryBack();
        }

        Apply();
    }

    private async Task UpdateAsync()
    {
        var announced = TakeAnnounced(); // before the reading, so that the list already shows what was announced
        try
        {
            _known.Update(await registry.ListAsync(), announced);
        }
        catch
        {
            PutBack(announced); // for the next reading
            throw;
        }
    }

    private void Apply()
    {
        if (_known.All is var all && !all.SequenceEqual(_nodes))
        {
            _nodes = all;
            destinations.Set(all);
        }

        var ready = _known.Ready;
        var text = string.Join(", ", ready.Select(node => $"{node.Id} at {node.Address}"));
        if (text != _ready)
        {
            _ready = text;
            LogNodes(ready.Count, text);
        }
    }

    private void Wake() => _wakes.Writer.TryWrite(true);

    private void OnAnnounced(string id)
    {
        lock (_gate)
        {
            _announced.Add(id);
        }

        Wake();
    }

    private HashSet<string> TakeAnnounced()
    {
        lock (_gate)
        {
            var taken = _announced;
            _announced = [];
            return taken;
        }
    }

    private void PutBack(HashSet<string> announced)
    {
        lock (_gate)
        {
            _announced.UnionWith(announced);
        }
    }

    [LoggerMessage(EventName = "NodesChanged", Level = LogLevel.Information, Message = "{Count} nodes take connections: {Nodes}")]
    private partial void LogNodes(int count, string nodes);

    [LoggerMessage(EventName = "RegistryAway", Level = LogLevel.Warning, Message = "The node registry in Redis (ConnectionStrings:redis) does not answer; the {Count} known nodes stay: {Reason}")]
    private partial void LogRegistryAway(int count, string reason);

    [LoggerMessage(EventName = "RegistryBack", Level = LogLevel.Information, Message = "The node registry answers again")]
    private partial void LogRegistryBack();
}
