using System.Net.Http.Json;
using System.Text.Json;

namespace AppHost;

/// <summary>Asks the nodes, as the operations page does.</summary>
internal sealed class ClusterClient(Uri address) : IDisposable
{
    private readonly HttpClient _http = new() { BaseAddress = address, Timeout = TimeSpan.FromSeconds(10) };

    /// <summary>Drains the node that runs as this process. Returns what prevented that, or null.</summary>
    public async Task<string?> DrainAsync(CustomResourceSnapshot process, CancellationToken cancellationToken)
    {
        try
        {
            var nodes = await _http.GetFromJsonAsync<Node[]>("api/nodes", cancellationToken) ?? [];
            if (nodes.FirstOrDefault(node => Runs(process, node)) is not { } node)
            {
                return "It is not among the nodes: it has not begun, or has gone.";
            }

            using var answer = await _http.PostAsync($"ops/drain?node={Uri.EscapeDataString(node.Id)}", content: null, cancellationToken);
            return answer.IsSuccessStatusCode ? null : (await answer.Content.ReadFromJsonAsync<Problem>(cancellationToken))?.Detail ?? $"It answered {(int)answer.StatusCode}.";
        }
        catch (Exception failure) when (failure is HttpRequestException or JsonException || (failure is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return $"The nodes do not answer: {failure.Message}";
        }
    }

    public void Dispose() => _http.Dispose();

    // Compares the addresses at which they listen. The process id is no help: the orchestrator may have started dotnet run, with the node as its child.
    private static bool Runs(CustomResourceSnapshot process, Node node) =>
        process.EnvironmentVariables.Any(variable => variable.Name == "ASPNETCORE_URLS" && variable.Value?.Split(';').Any(node.IsAt) == true);

    private sealed record Node(string Id, string Address)
    {
        public bool IsAt(string address) => Uri.TryCreate(address, UriKind.Absolute, out var uri) && uri.Authority == new Uri(Address).Authority;
    }

    private sealed record Problem(string? Detail);
}
