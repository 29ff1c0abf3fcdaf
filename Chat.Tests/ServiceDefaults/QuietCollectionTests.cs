using System.Globalization;
using System.Text.RegularExpressions;
using Chat.Tests.Support;
using Xunit;

namespace Chat.Tests.ServiceDefaults;

public sealed partial class QuietCollectionTests : IAsyncLifetime
{
    private RedisServer? _redis;

    public async Task InitializeAsync() => _redis = await RedisServer.StartAsync();

    public async Task DisposeAsync() => await _redis!.DisposeAsync();

    [RedisFact]
    public async Task Node_ThatHasNothingToDoAnyMore_GivesMemoryBack()
    {
        await using var node = await NodeProcess.StartAsync(
            _redis!.ConnectionString, new Dictionary<string, string> { ["Logging:LogLevel:ServiceDefaults"] = "Debug" });

        for (var i = 0; i < 100; i++) // some megabytes of garbage each
        {
            await node.Http.GetStringAsync("openapi/v1.json");
        }

        await Eventually.TrueAsync(() => GaveBack().IsMatch(node.Output));
        Assert.True(int.Parse(GaveBack().Match(node.Output).Groups[1].Value, CultureInfo.InvariantCulture) > 0, node.Output);
    }

    [GeneratedRegex(@"Collected garbage, with nothing else to do: it took \d+ ms and gave back (-?\d+) MiB\.")]
    private static partial Regex GaveBack();
}
