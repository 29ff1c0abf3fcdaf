using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using ServiceDefaults;

namespace Chat.Api.Auth;

internal static partial class AuthBuilder
{
    public static WebApplicationBuilder AddAuth(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        services.TryAddSingleton(TimeProvider.System);
        services.AddSettings<AuthOptions>(AuthOptions.Section);
        services.AddSingleton<IPostConfigureOptions<AuthOptions>, AuthDefaults>();
        services.AddSingleton<IValidateOptions<AuthOptions>, AuthOptionsValidator>();
        services.AddSingleton<OwnKey>();
        services.AddSingleton<IssuerConfiguration>();
        services.AddSingleton<TokenMint>();
        services.AddSingleton<TokenValidator>();
        services.AddSingleton<BearerGate>();
        services.AddSettings<ApiKeyOptions>(ApiKeyOptions.Section);
        services.AddSingleton<IValidateOptions<ApiKeyOptions>, ApiKeyOptionsValidator>();
        services.AddSingleton<ApiKeys>();
        builder.Logging.AddFilter(typeof(ServiceScheme).FullName, LogLevel.Warning); // a stranger must not be able to write to the log
        services.AddBearer();
        services.AddAuthorization(ServiceAccess.AddPolicy);
        return builder;
    }

    /// <summary>From here on, a request has its user, and endpoints that require one refuse requests without a user.</summary>
    public static WebApplication UseAuth(this WebApplication app)
    {
        app.Services.GetRequiredService<OwnKey>(); // created now, so that it logs at once if it is random
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

    /// <summary>Adds the framework's bearer scheme. If a browser can only put the token into the address, the token has been moved to the header
    /// before the request began.</summary>
    /// <remarks>AddAuthentication is not used, because it adds data protection keys that nothing here needs.</remarks>
    private static void AddBearer(this IServiceCollection services)
    {
        services.AddAuthenticationCore(authentication => authentication.DefaultScheme = JwtBearerDefaults.AuthenticationScheme);
        services.AddWebEncoders();
        services.AddSingleton<IAuthenticationConfigurationProvider, NoSchemeSettings>();
        new AuthenticationBuilder(services).AddJwtBearer().AddScheme<AuthenticationSchemeOptions, ServiceScheme>(ServiceScheme.Name, configureOptions: null);
        services.AddOptions<JwtBearerOptions>(JwtBearerDefaults.AuthenticationScheme).Configure<TokenValidator>(static (bearer, tokens) =>
        {
            bearer.TokenHandlers.Clear();
            bearer.TokenHandlers.Add(tokens);
            bearer.Events = BearerAnswers.Events;
            bearer.SaveToken = false; // nobody needs it again
        });
    }

    /// <summary>Reads the settings from <c>Auth</c> alone, and not from <c>Authentication:Schemes</c> as well.</summary>
    private sealed class NoSchemeSettings : IAuthenticationConfigurationProvider
    {
        public IConfiguration AuthenticationConfiguration { get; } = new ConfigurationBuilder().Build();
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, EventName = "OpenTokens",
            Message = "Auth:TokenEndpoint is on: anyone who can reach this node gets a token for any name.")]
        public static partial void OpenTokens(ILogger logger);
    }
}
