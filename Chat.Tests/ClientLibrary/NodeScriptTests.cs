using System.Diagnostics;
using System.Text.Json;
using Chat.Tests.Hubs;
using Chat.Tests.NodeJs;
using Chat.Tests.Support;
using Xunit.Abstractions;

namespace Chat.Tests.ClientLibrary;

/// <summary>The JavaScript library in Node.js.</summary>
public sealed class NodeScriptTests(HubCluster cluster, ITestOutputHelper output) : ScriptSpec(cluster, output)
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60); // only a failing test waits this long

    [NodeFact]
    public Task Library_KeepsItsPromises() => AssertAsync(Peaceful);

    [NodeFact]
    public async Task NodeKilled_DuringTraffic_CostsNobodyAMessage()
    {
        try
        {
            await AssertAsync([NodeKilled]);
        }
        finally
        {
            await Cluster.AddNodeAsync();
        }
    }

    private protected override async Task<string> RunAsync(IEnumerable<string> specs)
    {
        // The process ends when its input does, so it ends with this process at the latest.
        using var process = Process.Start(new ProcessStartInfo(
            NpmFolder.Node!,
            [NodeFactAttribute.WebSockets, Path.Combine(Folder, "in-node.mjs"), new Uri(Path.Combine(WebRoot.Folder, "client", "chat-client.js")).AbsoluteUri, Cluster.Edge.Address.ToString(), .. specs])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        try
        {
            var said = process.StandardError.ReadToEndAsync();
            await AnswerAsync(process).WaitAsync(Deadline);
            await process.WaitForExitAsync().WaitAsync(Deadline);
            return process.ExitCode == 0 ? "" : await said;
        }
        finally
        {
            process.Kill();
        }
    }

    private async Task AnswerAsync(Process process)
    {
        while (await process.StandardOutput.ReadLineAsync() is { } line)
        {
            var call = JsonSerializer.Deserialize<Call>(line, JsonSerializerOptions.Web)!;
            var answer = await ControlAsync(call.Action, call.Args);
            try
            {
                await process.StandardInput.WriteLineAsync(JsonSerializer.Serialize(new { call = call.Id, answer }));
                await process.StandardInput.FlushAsync();
            }
            catch (IOException)
            {
                return; // The process has ended, perhaps while a client that is no longer needed asked for a token. Its exit code shows the result.
            }
        }
    }

    private sealed record Call([property: System.Text.Json.Serialization.JsonPropertyName("call")] int Id, string Action, string[] Args);
}
