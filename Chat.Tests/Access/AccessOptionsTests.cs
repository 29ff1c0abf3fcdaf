using Chat.Api.Access;
using Chat.Tests.Auth;
using Microsoft.Extensions.Configuration;
using Xunit;

namespace Chat.Tests.Access;

public sealed class AccessOptionsTests
{
    [Theory]
    [InlineData("Production", "https://app.example.com/access", true)]
    [InlineData("Production", "http://localhost:3000/access", true)]
    [InlineData("Production", "http://127.0.0.1:3000/access", true)]
    [InlineData("Production", "http://app.example.com/access", false)]
    [InlineData("Development", "http://app.example.com/access", true)]
    [InlineData("Development", "ftp://app.example.com/access", false)]
    [InlineData("Development", "app.example.com", false)]
    [InlineData("Production", "https://user:secret@app.example.com/access", false)]
    public void Url_IsHttps_ExceptOnThisMachineAndInDevelopment(string environment, string url, bool isValid)
    {
        var errors = Validate(new AccessOptions { Url = url, Secret = TestWebhook.Secret }, environment);

        Assert.Equal(isValid, errors.Length == 0);
        Assert.All(errors, error => Assert.StartsWith("Chat:Access:Url must be ", error, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("a secret")]
    [InlineData("whsec_c2hvcnQ=")]
    public void Url_NeedsASecret(string? secret) =>
        Assert.StartsWith("Chat:Access:Secret must be whsec_", Assert.Single(Validate(new AccessOptions { Url = "https://app.example.com", Secret = secret }, "Development")), StringComparison.Ordinal);

    [Theory]
    [InlineData("Chat:Access:Group:news:Post")]
    [InlineData("Chat:Access:Groups:news:Posts")]
    [InlineData("Chat:Access:Groups:a:b:Post")] // a pattern with a colon, which separates keys
    [InlineData("Chat:Access:Rules:0:Topic")]
    public void Setting_ThatIsNone_IsTold(string key) =>
        Assert.Contains(" is no setting; here there are ", Assert.Single(Validate(new AccessOptions(), "Production", key)), StringComparison.Ordinal);

    [Fact]
    public void Nothing_IsValid() => Assert.Empty(Validate(new AccessOptions(), "Production"));

    private static string[] Validate(AccessOptions options, string environment, params string[] keys)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(keys.Select(key => KeyValuePair.Create(key, (string?)"service"))).Build();
        return [.. new AccessOptionsValidator(configuration, new TestEnvironment(environment)).Validate(null, options).Failures ?? []];
    }
}
