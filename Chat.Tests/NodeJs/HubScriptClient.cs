using System.Text.Json;
using Chat.Tests.Support;

namespace Chat.Tests.NodeJs;

/// <summary>One of the official JavaScript clients, in the script's process.</summary>
internal sealed class HubScriptClient(HubScript script, string id, string nick) : HubClient(nick)
{
    private string _trying = "";

    public string Id => id;

    public override string Condition => $"{base.Condition}; tried to come back: {_trying}; not understood: {script.Problem}";

    public override string Node => "";

    public override Task<JsonElement> InvokeAsync(string method, params object?[] arguments) =>
        script.CallAsync(this, "invoke", new { method, args = arguments });

    public override Task StopAsync() => script.CallAsync(this, "stop", new { });

    public override async ValueTask DisposeAsync()
    {
        await StopAsync();
        await base.DisposeAsync();
    }

    /// <summary>Takes a line of the script. Runs on the loop that reads these lines.</summary>
    public void Take(JsonElement line)
    {
        if (line.TryGetProperty("event", out var name))
        {
            OnEvent(line.GetProperty("payload").Deserialize<HubEvent>(JsonSerializerOptions.Web)! with { Name = name.GetString()! });
        }
        else if (line.GetProperty("state").GetString() == "reconnected")
        {
            OnReconnected();
        }
        else if (line.GetProperty("state").GetString() == "reconnecting")
        {
            _trying += $"{line.GetProperty("reason").GetString()} | ";
        }
        else
        {
            OnEnded(line.GetProperty("reason").GetString()!);
        }
    }
}
