using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http.Connections;
using Microsoft.AspNetCore.SignalR.Client;
using Microsoft.AspNetCore.SignalR.Protocol;
using Microsoft.Extensions.DependencyInjection;

namespace Chat.Tests.Support;

/// <summary>Microsoft's .NET client.</summary>
internal sealed class HubDotNetClient : HubClient
{
    // From zero to one second, short because tests wait for the reconnection.
    private static readonly TimeSpan[] Pauses = [.. Enumerable.Range(0, 60).Select(i => TimeSpan.FromMilliseconds(Math.Min(1000, i * 100)))];

    private readonly HubConnection _connection;
    private readonly HubWire _wire;

    private HubDotNetClient(Func<Uri> server, string nick, HubTransport transport, HubClientOptions options, Func<string?> token)
        : base(nick)
    {
        var connections = 0;
        _wire = new HubWire(() => new UriBuilder(server()) { Path = Path, Query = QueryOf(connections++, options) }.Uri, token, options.TokenInQuery);
        var builder = new HubConnectionBuilder().WithUrl(HubWire.Url, http =>
        {
            (http.Transports, http.SkipNegotiation) = transport switch
            {
                HubTransport.WebSockets => (HttpTransportType.WebSockets, true),
                HubTransport.NegotiatedWebSockets => (HttpTransportType.WebSockets, false),
                HubTransport.ServerSentEvents => (HttpTransportType.ServerSentEvents, false),
                _ => (HttpTransportType.LongPolling, false),
            };
            _wire.Configure(http);
        });
        builder = options.Reconnects ? builder.WithAutomaticReconnect(Pauses) : builder;
        builder.Services.AddSingleton<IHubProtocol>(new HubArrivals(options.SpeaksMessagePack ? new MessagePackHubProtocol() : new JsonHubProtocol(), () => Present));
        _connection = builder.Build();
        foreach (var name in EventNames)
        {
            _connection.On<object>(name, argument =>
            {
                var arrived = (HubArrivals.Arrived)argument;
                var payload = ToJson(arrived.Argument);
                OnEvent(payload.Deserialize<HubEvent>(JsonSerializerOptions.Web)! with { Name = name }, arrived.Connection);
                if (name == "mirror" && options.Mirrors)
                {
                    _ = _connection.SendAsync(payload.GetProperty("method").GetString()!, payload.GetProperty("payload").Deserialize<Dictionary<string, string>>());
                }
            });
        }

        _connection.Reconnected += _ =>
        {
            OnReconnected();
            return Task.CompletedTask;
        };
        _connection.Closed += exception =>
        {
            OnEnded(exception?.Message ?? "");
            return Task.CompletedTask;
        };
    }

    public override string Node => _wire.Node;

    /// <summary>The connection's present id, as the client knows it.</summary>
    public string? ConnectionId => _connection.ConnectionId;

    /// <exception cref="RefusedException">The server answered with an error status.</exception>
    public static Task<HubDotNetClient> ConnectAsync(
        Uri server, string nick, HubTransport transport = HubTransport.WebSockets, HubClientOptions? options = null) =>
        ConnectAsync(() => server, nick, transport, options);

    /// <param name="server">Called for each connection; returns a node or the edge.</param>
    /// <param name="nick">The user.</param>
    /// <param name="transport">The transport.</param>
    /// <param name="options">Deviations from the defaults.</param>
    public static async Task<HubDotNetClient> ConnectAsync(
        Func<Uri> server, string nick, HubTransport transport = HubTransport.WebSockets, HubClientOptions? options = null)
    {
        options ??= new HubClientOptions();
        var token = options.Token;
        if (token is null)
        {
            var fetched = await HubToken.FetchAsync(server(), nick);
            token = () => fetched;
        }

        var client = new HubDotNetClient(server, nick, transport, options, token);
        try
        {
            await client._connection.StartAsync().WaitAsync(ChatClient.Deadline);
            await client.ReadyAsync();
            return client;
        }
        catch
        {
            await client.DisposeAsync();
            throw;
        }
    }

    private string QueryOf(int connection, HubClientOptions options)
    {
        if (connection > 0 && options.Resumes)
        {
            return BeginSince();
        }

        Begin();
        return options.Query;
    }

    // A MessagePack client receives maps, which are converted; a JSON client receives JSON already.
    private static JsonElement ToJson(object? value) => value is JsonElement element ? element : JsonSerializer.SerializeToElement(Plain(value));

    private static object? Plain(object? value) => value switch
    {
        IDictionary<object, object> map => map.ToDictionary(pair => (string)pair.Key, pair => Plain(pair.Value)),
        object[] list => list.Select(Plain),
        _ => value,
    };

    public override async Task<JsonElement> InvokeAsync(string method, params object?[] arguments) =>
        ToJson(await _connection.InvokeCoreAsync<object?>(method, arguments).WaitAsync(ChatClient.Deadline));

    /// <summary>Calls without waiting for an answer.</summary>
    public Task CallAsync(string method, params object?[] arguments) => _connection.SendCoreAsync(method, arguments);

    /// <summary>Ends the present connection the way a network failure does.</summary>
    public void Break() => _wire.Cut();

    public override Task StopAsync() => _connection.StopAsync().WaitAsync(ChatClient.Deadline);

    public override async ValueTask DisposeAsync()
    {
        await _connection.DisposeAsync();
        await base.DisposeAsync();
    }
}

/// <summary>Fetches the tokens that the Development environment gives to anybody who asks.</summary>
internal static class HubToken
{
    private static readonly HttpClient Http = new() { Timeout = ChatClient.Deadline };

    public static Task<string> FetchAsync(Uri server, string nick) =>
        Http.GetStringAsync(new Uri(server, string.Create(CultureInfo.InvariantCulture, $"/api/auth/token?nick={Uri.EscapeDataString(nick)}")));
}
