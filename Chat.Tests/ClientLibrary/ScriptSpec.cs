using System.Text.RegularExpressions;
using Chat.Tests.Hubs;
using Chat.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace Chat.Tests.ClientLibrary;

/// <summary>The promises of the JavaScript library (Script/specs.js, Script/hub-specs.js), in every runtime.</summary>
public abstract partial class ScriptSpec(HubCluster cluster, ITestOutputHelper output) : HubTest(cluster, output)
{
    private protected const string NodeKilled = "node_killed_during_traffic_costs_nobody_a_message";

    private protected static string Folder { get; } = Path.Combine(AppContext.BaseDirectory, "ClientLibrary", "Script");

    /// <summary>The specs that break nothing and so can run side by side.</summary>
    private protected static IEnumerable<string> Peaceful => Name().Matches(File.ReadAllText(Path.Combine(Folder, "specs.js")) + File.ReadAllText(Path.Combine(Folder, "hub-specs.js")))
        .Select(match => match.Groups[1].Value).Where(name => name != NodeKilled);

    private protected async Task AssertAsync(IEnumerable<string> specs)
    {
        var failures = await RunAsync(specs);
        Assert.True(failures.Length == 0, failures);
    }

    /// <summary>Runs the specs side by side. Returns the failures, in words.</summary>
    private protected abstract Task<string> RunAsync(IEnumerable<string> specs);

    /// <summary>Carries out a request of a spec to the cluster.</summary>
    private protected async Task<string> ControlAsync(string action, string[] arguments)
    {
        switch (action)
        {
            case "token":
                var lifetime = TimeSpan.FromSeconds(int.Parse(arguments[1], System.Globalization.CultureInfo.InvariantCulture));
                return HubTestToken.Make(arguments[0], lifetime, chat: arguments.ElementAtOrDefault(2));
            case "ban":
                await Cluster.SanctionAsync("ban", arguments[0]);
                return "";
            case "delete":
                await Cluster.DeleteAsync(arguments[0], arguments[1], long.Parse(arguments[2], System.Globalization.CultureInfo.InvariantCulture));
                return "";
            case "forgetGroups":
                using (var redis = new RedisClient(Cluster.Nodes.Redis.Port))
                {
                    redis.Execute("DEL", $"{{user:{arguments[0]}}}:groups");
                }

                return "";
            case "killNode":
                await using (var dead = Cluster.Nodes.Take(1))
                {
                    await dead.KillAsync();
                    return dead.Id;
                }

            default:
                throw new ArgumentException(action);
        }
    }

    [GeneratedRegex(@"^  async (\w+)\(", RegexOptions.Multiline)]
    private static partial Regex Name();
}
