using System.Security.Authentication;
using Chat.Api.Redis.Resp;
using Chat.Tests.Support;
using Xunit;

namespace Chat.Tests.Cluster;

/// <summary>A node whose Redis uses TLS, with a certificate of an authority that the machine trusts.</summary>
public sealed class RedisTlsTests : IAsyncLifetime, IDisposable
{
    private readonly TestAuthority _authority = new();
    private RedisServer? _server;
    private RedisProxy? _proxy;

    private string Redis => $"{_proxy!.ConnectionString},ssl=true,sslHost=redis.test";

    public async Task InitializeAsync()
    {
        _server = await RedisServer.StartAsync(RedisCommandLine.Usual);
        _proxy = new RedisProxy(_server, _authority.Issue("redis.test"));
    }

    public async Task DisposeAsync()
    {
        await (_proxy?.DisposeAsync() ?? ValueTask.CompletedTask);
        await (_server?.DisposeAsync() ?? ValueTask.CompletedTask);
    }

    public void Dispose() => _authority.Dispose();

    [Fact]
    public async Task Messages_OverTls_ArriveAndAreAcknowledged()
    {
        await using var node = await StartAsync();
        await using var ada = await ChatClient.ConnectAsync(node.Address, "/chat/group/tls/ada?format=json");
        await using var bob = await ChatClient.ConnectAsync(node.Address, "/chat/group/tls/bob?format=json");
        var text = new string('x', 30_000);
        for (var i = 0; i < 20; i++)
        {
            await ada.SendJsonAsync(new { Msg = $"{i} {text}", MsgId = $"m{i}" });
        }

        for (var i = 0; i < 20; i++)
        {
            Assert.Equal($"m{i}", (await ada.NextFrameAsync("ack")).Id);
            Assert.Equal($"m{i}", (await bob.NextFrameAsync("message")).Id);
        }
    }

    /// <summary>A write to such a server once blocked the threads that serve clients, while holding a lock that all publishes need.</summary>
    [Fact]
    public async Task Server_ThatStopsReading_LeadsToRefusedPublishes_AndTheNodeGoesOn()
    {
        await using var node = await StartAsync();
        await using var ada = await ChatClient.ConnectAsync(node.Address, "/chat/group/tls/ada?format=json");
        await using var bob = await ChatClient.ConnectAsync(node.Address, "/chat/user/bob");
        await ada.NextFrameAsync("subscribed");

        _proxy!.Hold();
        var text = new string('x', 30_000);
        for (var i = 0; i < 300; i++)
        {
            await ada.SendJsonAsync(new { Msg = text, MsgId = $"m{i}" }); // 9 MB in all: more than any system buffers for one socket
        }

        await bob.SendAsync("not json");
        Assert.StartsWith("error: ", await bob.NextAsync(), StringComparison.Ordinal);
        var error = await ada.NextFrameAsync();
        Assert.Equal(("error", "not_published", true), (error.Type, error.Code, error.Retry));

        _proxy.Release();
        await Eventually.TrueAsync(async () =>
        {
            await ada.SendJsonAsync(new { Msg = "back", MsgId = "back" });
            var answer = await ada.NextFrameAsync();
            while (answer.Id != "back" || answer.Type is not ("ack" or "error"))
            {
                answer = await ada.NextFrameAsync();
            }

            return answer.Type == "ack";
        });
    }

    /// <summary>The backplane's link, which is not StackExchange.Redis, checks certificates as strictly.</summary>
    [Theory]
    [InlineData("redis.test", "PartialChain")]
    [InlineData("another.test", "RemoteCertificateNameMismatch")]
    public void Certificate_OfAnotherAuthorityOrHost_IsRefused(string host, string expected)
    {
        var endpoint = RedisEndpoint.Parse($"{_proxy!.ConnectionString},ssl=true,sslHost={host}"); // this process does not trust the authority

        var failure = Assert.Throws<AuthenticationException>(() => RespSocket.Connect(endpoint, endpoint.Servers[0], ChatClient.Deadline));

        Assert.Contains(expected, failure.Message, StringComparison.Ordinal);
    }

    private Task<NodeProcess> StartAsync()
    {
        (string Key, string Value)[] settings =
        [
            .. Unlimited.Sending,
            ("Chat:Connections:PublishesInFlight", "1000"),
            _authority.Trust,
        ];
        return NodeProcess.StartAsync(Redis, settings.ToDictionary(setting => setting.Key, setting => setting.Value));
    }
}
