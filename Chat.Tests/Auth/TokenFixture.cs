using System.Security.Claims;
using Chat.Api.Auth;
using Chat.Tests.Support;
using Microsoft.Extensions.FileProviders;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Chat.Tests.Auth;

/// <summary>What checks tokens in a node, with settings and a clock of the test's own.</summary>
internal sealed class TokenFixture : IAsyncDisposable
{
    private readonly IssuerKeys _issuerKeys;

    public TokenFixture(Action<AuthOptions>? configure = null, ILogger<IssuerKeys>? log = null, string environment = "Development")
    {
        var options = new AuthOptions { SecurityKey = TestToken.Key };
        configure?.Invoke(options);
        var host = new TestEnvironment(environment);
        new AuthDefaults(host).PostConfigure(null, options);
        var settings = Options.Create(options);
        var own = new OwnKey(settings, host, NullLogger<OwnKey>.Instance);
        _issuerKeys = new IssuerKeys(settings, host, Time, log ?? NullLogger<IssuerKeys>.Instance);
        Tokens = new TokenValidator(own, _issuerKeys, settings, Time, NullLogger<TokenValidator>.Instance);
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
        return result.User ?? throw new InvalidOperationException($"Refused: {result.Error}");
    }

    public async Task<TokenError?> RefusedAsync(string token) => (await Tokens.ValidateAsync(token)).Error;

    public ValueTask DisposeAsync() => _issuerKeys.DisposeAsync();
}

internal sealed class TestEnvironment(string name) : IHostEnvironment
{
    public string EnvironmentName { get; set; } = name;

    public string ApplicationName { get; set; } = "";

    public string ContentRootPath { get; set; } = "";

    public IFileProvider ContentRootFileProvider { get; set; } = new NullFileProvider();
}
