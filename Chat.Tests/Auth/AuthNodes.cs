using Chat.Tests.Support;
using Xunit;

namespace Chat.Tests.Auth;

/// <summary>Two nodes with one Redis and one key: one as deployed, one as used in development.</summary>
public sealed class AuthNodes : IAsyncLifetime
{
    private RedisServer? _redis;
    private NodeProcess? _deployed;
    private NodeProcess? _developed;

    /// <summary>The node in Production, where a token is needed.</summary>
    internal NodeProcess Deployed => _deployed!;

    /// <summary>The node in Development, where no token is needed.</summary>
    internal NodeProcess Developed => _developed!;

    public async Task InitializeAsync()
    {
        _redis = await RedisServer.StartAsync(RedisCommandLine.Usual);
        var nodes = await Task.WhenAll(StartAsync("Production"), StartAsync("Development"));
        (_deployed, _developed) = (nodes[0], nodes[1]);
    }

    public async Task DisposeAsync()
    {
        foreach (IAsyncDisposable? process in new IAsyncDisposable?[] { _deployed, _developed, _redis })
        {
            await (process?.DisposeAsync() ?? ValueTask.CompletedTask);
        }
    }

    private Task<NodeProcess> StartAsync(string environment) => NodeProcess.StartAsync(_redis!.ConnectionString, new Dictionary<string, string>
    {
        ["ASPNETCORE_ENVIRONMENT"] = environment,
        ["Auth:SecurityKey"] = TestToken.Key,
        ["Auth:ClockSkew"] = "00:00:00",
    });
}
