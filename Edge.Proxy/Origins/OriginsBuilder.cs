using Edge.Proxy.Requests;
using Microsoft.AspNetCore.Cors.Infrastructure;
using Microsoft.Net.Http.Headers;

namespace Edge.Proxy.Origins;

/// <summary>Registers the rules for pages from elsewhere: which may connect, and what browsers then have to be told (CORS).</summary>
internal static class OriginsBuilder
{
    private static readonly TimeSpan PreflightAge = TimeSpan.FromMinutes(10);

    public static IServiceCollection AddOrigins(this IServiceCollection services)
    {
        services.AddCors();
        services.AddSingleton<AllowedOrigins>();
        services.AddOptions<CorsOptions>().Configure<AllowedOrigins>(static (cors, allowed) => cors.AddDefaultPolicy(policy => policy
            .SetIsOriginAllowed(allowed.Contains)
            .AllowCredentials()
            .WithMethods(HttpMethods.Get, HttpMethods.Post, HttpMethods.Delete)
            // The headers that the hub's clients send.
            .WithHeaders(HeaderNames.Authorization, HeaderNames.ContentType, HeaderNames.XRequestedWith, "X-SignalR-User-Agent")
            .WithExposedHeaders("X-Node", HeaderNames.RetryAfter)
            .SetPreflightMaxAge(PreflightAge)));
        return services;
    }

    /// <summary>Must come before everything that is passed on. Preflights are answered here.</summary>
    public static WebApplication UseOrigins(this WebApplication app)
    {
        app.UseMiddleware<OriginCheck>();
        app.UseWhen(
            static http => http.Request.IsHub() || http.Request.Path.StartsWithSegments("/api"),
            static branch => branch.UseCors());
        return app;
    }
}
