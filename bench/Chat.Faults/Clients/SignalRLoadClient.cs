using System.Text.Json;
using Chat.Faults.Checking;
using Chat.Tests.Support;
using Microsoft.AspNetCore.Http.Connections;
using Microsoft.AspNetCore.SignalR.Client;

namespace Chat.Faults.Clients;

/// <summary>A client of stock SignalR. It reconnects by itself and joins its group again. The caller is told of an invocation that fails.</summary>
internal sealed class SignalRLoadClient : ILoadClient
{
    private readonly HubWire _wire;
    private readonly HubConnection _connection;
    private readonly string _group;

    private SignalRLoadClient(Func<Uri> door, string name, string group)
    {
        Name = name;
        _group = group;
        Topics = ["group:" + group];
        _wire = new HubWire(() => new UriBuilder(door()) { Path = HubClient.Path, Query = "nick=" + name }.Uri, () => null, tokenInQuery: false);
        _connection = new HubConnectionBuilder().WithUrl(HubWire.Url, http =>
        {
            (http.Transports, http.SkipNegotiation) = (HttpTransportType.WebSockets, true);
            _wire.Configure(http);
        }).WithAutomaticReconnect([.. Enumerable.Range(0, 60).Select(i => TimeSpan.FromMilliseconds(Random.Shared.Next(1, 100 + Math.Min(i * 200, 2000))))]).Build();
        _connection.On<JsonElement>("message", message =>
            Reception.Message("group:" + message.GetProperty("group").GetString(), message.GetProperty("message").GetString()!, null));
        _connection.Reconnecting += _ => Task.FromResult(WasInterrupted = true);
        _connection.Closed += _ => Task.FromResult(WasInterrupted = true);
        _connection.Reconnected += _ => JoinAsync();
    }

    public string Name { get; }

    public IReadOnlyList<string> Topics { get; }

    public Reception Reception { get; } = new();

    public string Node => _connection.State == HubConnectionState.Connected ? _wire.Address.Authority : "";

    public bool WasInterrupted { get; private set; }

    public int Repeated => 0;

    public static async Task<ILoadClient> ConnectAsync(Func<Uri> door, string name, string group, TimeSpan within)
    {
        var client = new SignalRLoadClient(door, name, group);
        await client._connection.StartAsync().WaitAsync(within);
        await client.JoinAsync();
        return client;
    }

    public async Task PublishAsync(SentMessage message)
    {
        try
        {
            await _connection.InvokeAsync("post", new { message = message.Text, group = _group });
            message.Acknowledge(null);
        }
        catch (Exception)
        {
            message.Refuse(); // each fault has its own exception, with the same meaning
        }
    }

    public ValueTask DisposeAsync() => _connection.DisposeAsync();

    private async Task JoinAsync() => await _connection.InvokeAsync("join", new { group = _group });
}
