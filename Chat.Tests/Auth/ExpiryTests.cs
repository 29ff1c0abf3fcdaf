using Chat.Api.Auth;
using Chat.Api.Connections;
using Chat.Api.Nodes;
using Chat.Tests.Support;
using Chat.Tests.Topics;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Xunit;

namespace Chat.Tests.Auth;

/// <summary>Open connections when their tokens expire, by a clock moved by hand.</summary>
public sealed class ExpiryTests : IAsyncLifetime
{
    private static readonly TimeSpan Skew = new AuthOptions().ClockSkew;

    private readonly ManualTimeProvider _time = new();
    private readonly RecordingConnection _connection = new();
    private ConnectionKeeper _keeper = null!;

    public async Task InitializeAsync()
    {
        var table = new ConnectionTable(Options.Create(new ConnectionOptions()), new ConnectionMetrics(NoMeters.Instance), _time);
        table.Add(_connection);
        _keeper = NewKeeper(table);
        await _keeper.StartAsync(CancellationToken.None);
        await Eventually.TrueAsync(() =>
        {
            _time.Advance(TimeSpan.FromSeconds(1)); // its timer may not be running yet
            return _connection.TendedAt > 0;
        });
    }

    public async Task DisposeAsync()
    {
        await _keeper.StopAsync(CancellationToken.None);
        _keeper.Dispose();
    }

    [Fact]
    public async Task Connection_WithoutAToken_Stays()
    {
        await AdvanceAsync(TimeSpan.FromDays(1));

        Assert.Null(_connection.Closed);
    }

    [Fact]
    public async Task Connection_WhoseTokenEnds_IsClosedOnceItWouldNotBeLetInAnyMore()
    {
        _connection.ExpiresAt = _time.GetUtcNow().AddMinutes(1);

        await AdvanceAsync(TimeSpan.FromMinutes(1) + Skew - TimeSpan.FromSeconds(1));
        Assert.Null(_connection.Closed);

        await AdvanceAsync(TimeSpan.FromSeconds(1));
        Assert.Equal(CloseReason.TokenExpired, _connection.Closed);
    }

    [Fact]
    public async Task Connection_ThatShowsANewerToken_Stays()
    {
        _connection.ExpiresAt = _time.GetUtcNow().AddMinutes(1);
        await AdvanceAsync(TimeSpan.FromSeconds(59));

        _connection.ExpiresAt = _time.GetUtcNow().AddMinutes(10);

        await AdvanceAsync(TimeSpan.FromMinutes(5));
        Assert.Null(_connection.Closed);
    }

    [Fact]
    public void End_OfAConnection_IsKeptToTheTick()
    {
        var end = new DateTimeOffset(2030, 1, 2, 3, 4, 5, TimeSpan.FromHours(2)).AddTicks(1);
        _connection.ExpiresAt = end;
        Assert.Equal(end, _connection.ExpiresAt);

        _connection.ExpiresAt = DateTimeOffset.MaxValue;
        Assert.Equal(DateTimeOffset.MaxValue, _connection.ExpiresAt);

        _connection.ExpiresAt = null;
        Assert.Null(_connection.ExpiresAt);
    }

    private static ConnectionKeeper NewKeeper(ConnectionTable table)
    {
        var drain = new NodeDrain();
        var nodes = Options.Create(new NodeOptions());
        var rebalance = new Rebalance(table, new LiveNodes(nodes, TimeProvider.System), null!, drain, nodes); // off
        return new(table, new ConnectionDrain(table, drain, NullLogger<ConnectionDrain>.Instance), rebalance, Options.Create(new AuthOptions()));
    }

    /// <summary>Moves the clock and returns when the keeper has made its round. It makes one each full second.</summary>
    private Task AdvanceAsync(TimeSpan step)
    {
        _time.Advance(step);
        return Eventually.TrueAsync(() => _connection.TendedAt == _time.GetTimestamp());
    }
}
