using System.Globalization;
using System.Security.Cryptography;

namespace AppHost;

/// <summary>A backend as an application would have one (<c>samples/Backend</c>), beside the cluster. It is wired by settings alone, as any is.</summary>
internal sealed class SampleBackend
{
    private readonly IDistributedApplicationBuilder _builder;
    private readonly int _port = LocalPort.FindFree();
    private readonly string _secret = "whsec_" + Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));

    public Uri Address => new(string.Create(CultureInfo.InvariantCulture, $"http://localhost:{_port}/"));

    private SampleBackend(IDistributedApplicationBuilder builder) => _builder = builder;

    /// <summary>Points the nodes' settings to it, before they are handed on. Null: it is not wanted.</summary>
    public static SampleBackend? Prepare(IDistributedApplicationBuilder builder, ClusterSettings settings)
    {
        if (!settings.Sample || !builder.ExecutionContext.IsRunMode)
        {
            return null;
        }

        var sample = new SampleBackend(builder);
        var configuration = builder.Configuration;
        configuration["Auth:SecurityKey"] = configuration["Auth:SecurityKey"] is { Length: > 0 } key ? key : Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));
        configuration["Chat:Access:Url"] = sample.Url("access");
        configuration["Events:Url"] = sample.Url("events");
        configuration["Events:Messages:0"] = "*";
        configuration["Events:Online"] = "true";
        configuration["Chat:Access:Secret"] = configuration["Events:Secret"] = sample._secret;
        return sample;
    }

    /// <param name="edge">Where it calls the server API.</param>
    /// <param name="apiKey">With which key.</param>
    public void AddTo(IResourceBuilder<ProjectResource> edge, string? apiKey) => _builder.AddProject<Projects.Backend>("backend", launchProfileName: null)
        .WithHttpEndpoint(port: _port, targetPort: _port, isProxied: false) // the nodes' settings name it, and tests give proxies other ports
        .WithEnvironment("Chat__Url", edge.GetEndpoint("http"))
        .WithEnvironment("Chat__ApiKey", apiKey ?? _builder.Configuration["Api:Keys:0:Secret"])
        .WithEnvironment("Chat__SecurityKey", _builder.Configuration["Auth:SecurityKey"])
        .WithEnvironment("Chat__WebhookSecret", _secret);

    private string Url(string path) => new Uri(Address, path).ToString();
}
