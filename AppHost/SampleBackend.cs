using System.Globalization;
using System.Security.Cryptography;

namespace AppHost;

/// <summary>A backend such as an application has (<c>samples/Backend</c>), beside the cluster. Like any backend, it is connected by settings alone.</summary>
internal sealed class SampleBackend
{
    private readonly IDistributedApplicationBuilder _builder;
    private readonly int _port = LocalPort.FindFree();
    private readonly string _secret = "whsec_" + Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));

    public Uri Address => new(string.Create(CultureInfo.InvariantCulture, $"http://localhost:{_port}/"));

    private SampleBackend(IDistributedApplicationBuilder builder) => _builder = builder;

    /// <summary>Points the nodes' settings to the sample, before they are passed on. Returns null if the sample is not wanted.</summary>
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

    /// <param name="edge">Where the sample calls the server API.</param>
    /// <param name="apiKey">The key that it calls with.</param>
    public void AddTo(IResourceBuilder<ProjectResource> edge, string? apiKey) => _builder.AddProject<Projects.Backend>("backend", launchProfileName: null)
        .WithHttpEndpoint(port: _port, targetPort: _port, isProxied: false) // the nodes' settings contain this port, and tests give other ports to proxies
        .WithEnvironment("Chat__Url", edge.GetEndpoint("http"))
        .WithEnvironment("Chat__ApiKey", apiKey ?? _builder.Configuration["Api:Keys:0:Secret"])
        .WithEnvironment("Chat__SecurityKey", _builder.Configuration["Auth:SecurityKey"])
        .WithEnvironment("Chat__WebhookSecret", _secret);

    private string Url(string path) => new Uri(Address, path).ToString();
}
