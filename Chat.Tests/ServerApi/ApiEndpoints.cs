using Chat.Api;
using Chat.Api.Access;
using Chat.Api.Auth;
using Chat.Api.Hubs;
using Chat.Api.Nodes;
using Chat.Api.Presence;
using Chat.Api.ServerApi;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using ServiceDefaults;
using Xunit;

namespace Chat.Tests.ServerApi;

/// <summary>The calls of the API, as a node maps them: a new one is among them without anybody having to think of it.</summary>
internal static class ApiEndpoints
{
    private static readonly Lazy<RouteEndpoint[]> Mapped = new(Map);

    public static IEnumerable<RouteEndpoint> All => Mapped.Value;

    /// <summary>Of each the method, and the path behind <c>/api/v1/</c>.</summary>
    public static TheoryData<string, string> Calls()
    {
        var calls = new TheoryData<string, string>();
        foreach (var endpoint in All)
        {
            calls.Add(endpoint.Metadata.GetRequiredMetadata<IHttpMethodMetadata>().HttpMethods.Single(), endpoint.RoutePattern.RawText![(ServerApiBuilder.Path.Length + 1)..]);
        }

        return calls;
    }

    private static RouteEndpoint[] Map()
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { EnvironmentName = Environments.Development });
        builder.Logging.ClearProviders();
        builder.Configuration.AddInMemoryCollection([new("ConnectionStrings:redis", "127.0.0.1:1,connectTimeout=100")]);
        builder.AddServiceDefaults();
        builder.AddNodes();
        builder.AddAuth();
        builder.AddPresence();
        builder.AddAccess();
        builder.AddChat();
        builder.AddChatHub();
        builder.AddServerApi();
        IEndpointRouteBuilder app = builder.Build().MapServerApi(); // is never started, so there is nothing to end
        return [.. app.DataSources.SelectMany(source => source.Endpoints).OfType<RouteEndpoint>()
            .Where(endpoint => endpoint.RoutePattern.RawText?.StartsWith(ServerApiBuilder.Path, StringComparison.OrdinalIgnoreCase) == true)];
    }
}
