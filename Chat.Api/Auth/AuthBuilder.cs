using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Chat.Api.Auth;

internal static partial class AuthBuilder
{
    public static WebApplicationBuilder AddAuth(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        services.TryAddSingleton(TimeProvider.System);
        services.AddOptions<AuthOptions>().BindConfiguration(AuthOptions.Section).ValidateOnStart();
        services.AddSingleton<IPostConfigureOptions<AuthOptions>, AuthDefaults>();
        services.AddSingleton<IValidateOptions<AuthOptions>, AuthOptionsValidator>();
        services.AddSingleton<OwnKey>();
        services.AddSingleton<IssuerKeys>();
        services.AddSingleton<TokenMint>();
        services.AddSingleton<TokenValidator>();
        services.AddTransient<BearerScheme>();
        services.AddAuthenticationCore(authentication =>
        {
            authentication.DefaultScheme = BearerScheme.Name;
            authentication.AddScheme<BearerScheme>(BearerScheme.Name, displayName: null);
        });
        services.AddAuthorization();
        return builder;
    }

    /// <summary>From here on a request has its user; endpoints that want one refuse those without.</summary>
    public static WebApplication UseAuth(this WebApplication app)
    {
        app.Services.GetRequiredService<OwnKey>(); // says now if it is a random one
        app.UseAuthentication();
        app.UseAuthorization();
        return app;
    }

    public static WebApplication MapAuth(this WebApplication app)
    {
        if (app.Services.GetRequiredService<IOptions<AuthOptions>>().Value.TokenEndpoint is not true)
        {
            return app;
        }

        if (!app.Environment.IsDevelopment())
        {
            Log.OpenTokens(app.Logger);
        }

        TokenEndpoint.Map(app);
        return app;
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, EventName = "OpenTokens",
            Message = "Auth:TokenEndpoint is on: whoever reaches this node gets a token for any name.")]
        public static partial void OpenTokens(ILogger logger);
    }
}
