using Chat.Api;
using Chat.Api.Access;
using Chat.Api.Auth;
using Chat.Api.Hubs;
using Chat.Api.Nodes;
using Chat.Api.Presence;
using Chat.Api.ServerApi;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using ServiceDefaults;
using Xunit;

namespace Chat.Tests.ServerApi;

/// <summary>The calls of the API as a node maps them, so that a new call is included without anybody having to think of it.</summary>
internal static class ApiEndpoints
{
    private static readonly Lazy<RouteEndpoint[]> Mapped = new(Map);

    public static IEnumerable<RouteEndpoint> All => Mapped.Value;

    /// <summary>The method of each, and the path behind <c>/api/v1/</c>.</summary>
    public static TheoryData<string, string> Calls()
    {
        var calls = new TheoryData<string, string>();
        foreach (var endpoint in All)
        {
            calls.Add(endpoint.Metadata.GetRequiredMetadata<IHttpMethodMetadata>().HttpMethods[0], endpoint.RoutePattern.RawText![(ServerApiBuilder.Path.Length + 1)..]);
        }

        return calls;
    }

    /// <summary>A node with nothing but the API: without Redis, and without services that would need one.</summary>
    public static WebApplication Build()
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { EnvironmentName = Environments.Development });
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Configuration.AddInMemoryCollection(
        [
            new("ConnectionStrings:redis", "127.0.0.1:1,connectTimeout=100"), new("Api:Keys:0:Name", ApiNodes.Backend), new("Api:Keys:0:Secret", ApiNodes.Key),
        ]);
        builder.AddServiceDefaults();
        builder.AddNodes();
        builder.AddAuth();
        builder.AddPresence();
        builder.AddAccess();
        builder.AddChat();
        builder.AddChatHub();
        builder.AddServerApi();
        foreach (var service in builder.Services.Where(service => service.ServiceType == typeof(IHostedService) && !IsServer(service)).ToList())
        {
            builder.Services.Remove(service);
        }

        builder.Services.Replace(ServiceDescriptor.Singleton<IHostLifetime, NoLifetime>());
        return builder.Build().UseServerApi().UseAuth().MapServerApi();
    }

    private static bool IsServer(ServiceDescriptor service) => service.ImplementationType?.Namespace == "Microsoft.AspNetCore.Hosting";

    private static RouteEndpoint[] Map()
    {
        IEndpointRouteBuilder app = Build(); // it is never started, so there is nothing to stop
        return [.. app.DataSources.SelectMany(source => source.Endpoints).OfType<RouteEndpoint>()
            .Where(endpoint => endpoint.RoutePattern.RawText?.StartsWith(ServerApiBuilder.Path, StringComparison.OrdinalIgnoreCase) == true)];
    }

    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
