using System.Text;
using BenchmarkDotNet.Attributes;
using Chat.Api.Auth;
using Chat.Tests.Auth;
using Microsoft.Extensions.FileProviders;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Chat.Micro;

/// <summary>Checks an HS256 token. Compared with the library alone, which checks signature and time.</summary>
public class TokenCheck
{
    private readonly string _token = TestToken.For("anna", TimeSpan.FromDays(1));
    private readonly JsonWebTokenHandler _library = new() { MapInboundClaims = false };
    private readonly TokenValidationParameters _rules = new()
    {
        IssuerSigningKey = new SymmetricSecurityKey(Encoding.UTF8.GetBytes(TestToken.Key)),
        ValidateIssuer = false,
        ValidateAudience = false,
        NameClaimType = "name",
    };

    private readonly TokenValidator _tokens;

    public TokenCheck()
    {
        var settings = Options.Create(new AuthOptions { SecurityKey = TestToken.Key });
        var host = new Host();
        var own = new OwnKey(settings, host, NullLogger<OwnKey>.Instance);
        _tokens = new TokenValidator(own, new IssuerConfiguration(settings, host, TimeProvider.System, NullLogger<IssuerConfiguration>.Instance), settings, TimeProvider.System);
    }

    [Benchmark(Baseline = true)]
    public async Task<bool> Library() => (await _library.ValidateTokenAsync(_token, _rules)).IsValid;

    [Benchmark]
    public async Task<bool> Chat() => (await _tokens.ValidateAsync(_token)).IsValid;

    private sealed class Host : IHostEnvironment
    {
        public string EnvironmentName { get; set; } = "Production";

        public string ApplicationName { get; set; } = "";

        public string ContentRootPath { get; set; } = "";

        public IFileProvider ContentRootFileProvider { get; set; } = new NullFileProvider();
    }
}
