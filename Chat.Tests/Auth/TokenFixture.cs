using System.Security.Claims;
using Chat.Api.Auth;
using Chat.Tests.Support;
using Microsoft.Extensions.FileProviders;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Chat.Tests.Auth;

/// <summary>The part of a node that checks tokens, with the test's own settings and clock.</summary>
internal sealed class TokenFixture : IAsyncDisposable
{
    private readonly IssuerConfiguration _issuer;

    public TokenFixture(Action<AuthOptions>? configure = null, ILogger<IssuerConfiguration>? log = null, string environment = "Development")
    {
        var options = new AuthOptions { SecurityKey = TestToken.Key };
        configure?.Invoke(options);
        var host = new TestEnvironment(environment);
        new AuthDefaults(host).PostConfigure(null, options);
        var settings = Options.Create(options);
        var own = new OwnKey(settings, host, NullLogger<OwnKey>.Instance);
        _issuer = new IssuerConfiguration(settings, host, Time, log ?? NullLogger<IssuerConfiguration>.Instance);
        Tokens = new TokenValidator(own, _issuer, settings, Time);
        Mint = new TokenMint(own, settings, Time);
    }

    public ManualTimeProvider Time { get; } = new();

    public TokenValidator Tokens { get; }

    public TokenMint Mint { get; }

    /// <summary>An hour from now.</summary>
    public DateTimeOffset Later => Time.GetUtcNow().AddHours(1);

    public async Task<ClaimsPrincipal> AcceptedAsync(string token)
    {
        var result = await Tokens.ValidateAsync(token);
        return result.IsValid ? new ClaimsPrincipal(result.ClaimsIdentity) : throw new InvalidOperationException("Refused.", result.Exception);
    }

    public async Task<TokenError?> RefusedAsync(string token) => ((await Tokens.ValidateAsync(token)).Exception as TokenRefusedException)?.Error;

    public ValueTask DisposeAsync()
    {
        _issuer.Dispose();
        return ValueTask.CompletedTask;
    }
}

internal sealed class TestEnvironment(string name) : IHostEnvironment
{
    public string EnvironmentName { get; set; } = name;

    public string ApplicationName { get; set; } = "";

    public string ContentRootPath { get; set; } = "";

    public IFileProvider ContentRootFileProvider { get; set; } = new NullFileProvider();
}
