using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Chat.Api.Auth;
using Chat.Tests.Support;
using Xunit;

namespace Chat.Tests.Auth;

/// <summary>Tokens signed with the nodes' own key, and tokens that only look like those.</summary>
public sealed class TokenTests : IAsyncDisposable
{
    private readonly TokenFixture _node = new();

    public ValueTask DisposeAsync() => _node.DisposeAsync();

    [Fact]
    public async Task Token_InOrder_NamesItsUserAndItsEnd()
    {
        var user = await _node.AcceptedAsync(TestToken.Hmac(TestToken.Claims("Łucja", _node.Later)));

        Assert.Equal(("Łucja", _node.Later), (ChatUser.IdOf(user), ChatUser.ExpiresAt(user)));
    }

    [Fact]
    public async Task Token_OfTheTokenEndpoint_IsAccepted()
    {
        var token = _node.Mint.Create("anna");

        Assert.Equal("anna", ChatUser.IdOf(await _node.AcceptedAsync(token)));
        var payload = TestToken.Payload(token);
        var now = _node.Time.GetUtcNow().ToUnixTimeSeconds();
        Assert.Equal((now, now + 24 * 3600), (Number("iat"), Number("exp")));
        Assert.Equal(["exp", "iat", "jti", "name", "unique_name"], payload.EnumerateObject().Select(claim => claim.Name).Order());

        long Number(string claim) => payload.GetProperty(claim).GetInt64();
    }

    // Such tokens once had an nbf by that node's clock, so for ten minutes no other node accepted them.
    [Fact]
    public async Task Token_OfANodeWhoseClockIsFast_IsAcceptedByTheOthers()
    {
        await using var fast = new TokenFixture();
        fast.Time.Advance(TimeSpan.FromMinutes(10));

        Assert.Equal("anna", ChatUser.IdOf(await _node.AcceptedAsync(fast.Mint.Create("anna"))));
    }

    [Fact]
    public async Task Token_WithAnotherKey_IsRefused() =>
        Assert.Equal(TokenError.Signature, await _node.RefusedAsync(TestToken.Hmac(TestToken.Claims("anna", _node.Later), key: TestToken.Key + "x")));

    // This lets a key be replaced while nodes and clients go on. Once there was only one key: nodes with the new one refused clients with old
    // tokens, and nodes with the old one refused clients with new tokens, until those clients gave up.
    [Fact]
    public async Task Token_WithTheOtherKey_IsAcceptedAsWell_AndNoneIsMadeWithIt()
    {
        var next = "the next one " + TestToken.Key;
        await using var node = new TokenFixture(options => options.OtherSecurityKey = next);

        Assert.Equal("anna", ChatUser.IdOf(await node.AcceptedAsync(TestToken.Hmac(TestToken.Claims("anna", node.Later), next))));
        Assert.Equal("anna", ChatUser.IdOf(await node.AcceptedAsync(TestToken.Hmac(TestToken.Claims("anna", node.Later)))));
        Assert.Equal("anna", ChatUser.IdOf(await node.AcceptedAsync(TestToken.Hmac(TestToken.Claims("anna", node.Later), next, new JsonObject { ["alg"] = "HS256", ["kid"] = "any" }))));
        Assert.Equal(TokenError.Signature, await node.RefusedAsync(TestToken.Hmac(TestToken.Claims("anna", node.Later), next + "x")));
        Assert.Equal("anna", ChatUser.IdOf(await _node.AcceptedAsync(node.Mint.Create("anna"))));
    }

    [Fact]
    public async Task Token_WithAnotherKeyAndAnUnknownKeyId_IsRefused()
    {
        var header = new JsonObject { ["alg"] = "HS256", ["kid"] = "nobody's" };

        Assert.Equal(TokenError.Signature, await _node.RefusedAsync(TestToken.Hmac(TestToken.Claims("anna", _node.Later), "x" + TestToken.Key, header)));
    }

    [Fact]
    public async Task Token_WithAKeyId_IsCheckedWithTheOneKeyThereIs() =>
        await _node.AcceptedAsync(TestToken.Hmac(TestToken.Claims("anna", _node.Later), header: new JsonObject { ["alg"] = "HS256", ["kid"] = "any" }));

    [Theory]
    [InlineData("none")]
    [InlineData("None")]
    [InlineData("NONE")]
    [InlineData("")]
    [InlineData("hs256")]
    [InlineData("HS512")]
    [InlineData("RS256")]
    [InlineData("dir")]
    public async Task Token_WithAnAlgorithmThatIsNotOurs_IsRefused(string algorithm)
    {
        var header = new JsonObject { ["alg"] = algorithm };

        Assert.Equal(TokenError.Algorithm, await _node.RefusedAsync(TestToken.Hmac(TestToken.Claims("anna", _node.Later), header: header)));
    }

    [Theory]
    [InlineData("""{"alg":"none"}""")]
    [InlineData("""{"alg":"HS256"}""")]
    public async Task Token_WithoutASignature_IsRefused(string header)
    {
        var token = TestToken.Sign((JsonObject)JsonNode.Parse(header)!, TestToken.Claims("anna", _node.Later), _ => []);

        Assert.NotNull(await _node.RefusedAsync(token));
        Assert.NotNull(await _node.RefusedAsync(token.TrimEnd('.')));
    }

    [Fact]
    public async Task Token_WithAnotherPayloadUnderItsSignature_IsRefused()
    {
        var annas = TestToken.Hmac(TestToken.Claims("anna", _node.Later)).Split('.');
        var bens = TestToken.Hmac(TestToken.Claims("ben", _node.Later)).Split('.');

        Assert.Equal(TokenError.Signature, await _node.RefusedAsync($"{annas[0]}.{bens[1]}.{annas[2]}"));
    }

    [Fact]
    public async Task Token_WithACriticalHeader_IsRefused()
    {
        var header = new JsonObject { ["alg"] = "HS256", ["crit"] = new JsonArray("exp") };

        Assert.Equal(TokenError.Unsupported, await _node.RefusedAsync(TestToken.Hmac(TestToken.Claims("anna", _node.Later), header: header)));
    }

    [Theory]
    [InlineData(29, true)]
    [InlineData(31, false)]
    public async Task Token_AfterItsEnd_IsBorneForTheClockSkewOnly(int seconds, bool isAccepted)
    {
        var token = TestToken.Hmac(TestToken.Claims("anna", _node.Time.GetUtcNow()));

        _node.Time.Advance(TimeSpan.FromSeconds(seconds));

        Assert.Equal(isAccepted ? null : TokenError.Expired, await _node.RefusedAsync(token));
    }

    [Theory]
    [InlineData(29, true)]
    [InlineData(31, false)]
    public async Task Token_BeforeItsTime_IsBorneForTheClockSkewOnly(int seconds, bool isAccepted)
    {
        var claims = TestToken.Claims("anna", _node.Later);
        claims["nbf"] = _node.Time.GetUtcNow().AddSeconds(seconds).ToUnixTimeSeconds();

        Assert.Equal(isAccepted ? null : TokenError.NotYetValid, await _node.RefusedAsync(TestToken.Hmac(claims)));
    }

    [Theory]
    [InlineData("""{"name":"anna"}""")]
    [InlineData("""{"name":"anna","exp":null}""")]
    [InlineData("""{"name":"anna","exp":"tomorrow"}""")]
    [InlineData("""{"name":"anna","exp":[99999999999,1]}""")]
    [InlineData("""{"name":"anna","exp":{"at":99999999999}}""")]
    [InlineData("""{"name":"anna","exp":true}""")]
    [InlineData("""{"name":"anna","EXP":99999999999}""")]
    [InlineData("""{"name":"anna","exp":1e300}""")]
    public async Task Token_WithoutAnEnd_IsRefused(string claims) => Assert.NotNull(await _node.RefusedAsync(Signed(claims)));

    [Theory]
    [InlineData("9223372036854775807")]
    [InlineData("4102444800.5")]
    public async Task Token_WithAFarOrFractionalEnd_IsAccepted(string end)
    {
        var user = await _node.AcceptedAsync(Signed($$"""{"name":"anna","exp":{{end}}}"""));

        Assert.InRange(ChatUser.ExpiresAt(user)!.Value, _node.Later, DateTimeOffset.MaxValue);
    }

    [Theory]
    [InlineData("-1")]
    [InlineData("0")]
    public async Task Token_WithAnEndInThePast_IsRefused(string end) =>
        Assert.Equal(TokenError.Expired, await _node.RefusedAsync(Signed($$"""{"name":"anna","exp":{{end}}}""")));

    [Theory]
    [InlineData("""{"exp":4102444800}""")]
    [InlineData("""{"Name":"anna","exp":4102444800}""")]
    [InlineData("""{"sub":"anna","exp":4102444800}""")]
    [InlineData("""{"name":[],"exp":4102444800}""")]
    [InlineData("""{"name":["anna","ben"],"exp":4102444800}""")]
    public async Task Token_WithoutOneUser_IsRefused(string claims) => Assert.Equal(TokenError.NoUser, await _node.RefusedAsync(Signed(claims)));

    [Theory]
    [InlineData("")]
    [InlineData(" anna")]
    [InlineData("an\u200Bna")] // an invisible space
    [InlineData("anna\n")]
    public async Task Token_WhoseUserIsNoValidId_IsRefusedWithTheRule(string user)
    {
        var error = await _node.RefusedAsync(TestToken.Hmac(TestToken.Claims(user, _node.Later)));

        Assert.Equal(TokenError.InvalidUser, error);
        Assert.Contains("1 to 128 bytes", error!.Text, StringComparison.Ordinal);
    }

    // PHP turns an empty map into an empty list. Such a token was once taken for one without the claim, which allows everything. So was an object in
    // quotes or in a list. A backend would never notice a mistake that restricts nothing.
    [Theory]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("true")]
    [InlineData("[\"group:x\"]")]
    [InlineData("\"{}\"")]
    [InlineData("\"{\\\"group:x\\\":[]}\"")]
    [InlineData("[{}]")]
    [InlineData("[{\"group:x\":[\"join\"]}]")]
    [InlineData("[[{}]]")]
    [InlineData("[{\"group:x\":[]},{\"group:x\":[\"join\"]}]")]
    [InlineData("{\"group:x\":[\"fly\"]}")]
    [InlineData("{\"team-*\":[]}")]
    public async Task Token_WhoseRightsAreNone_IsRefused(string chat) =>
        Assert.Equal(TokenError.InvalidRights, await _node.RefusedAsync(Signed($$"""{"name":"anna","exp":4102444800,"chat":{{chat}}}""")));

    // Older token writers of ASP.NET Core, and so the servers of the SignalR chat's lineage, call the claim unique_name.
    [Theory]
    [InlineData("""{"unique_name":"anna","exp":4102444800}""")]
    [InlineData("""{"name":"anna","unique_name":"ben","exp":4102444800}""")]
    public async Task Token_WhoseUserIsItsName_ElseItsUniqueName(string claims) =>
        Assert.Equal("anna", ChatUser.IdOf(await _node.AcceptedAsync(Signed(claims))));

    [Fact]
    public void TokenOfOurs_NamesItsUserBothWays()
    {
        var payload = TestToken.Payload(_node.Mint.Create("John Smith"));

        Assert.Equal(("John Smith", "John Smith"), (payload.GetProperty("name").GetString(), payload.GetProperty("unique_name").GetString()));
    }

    [Fact]
    public async Task Token_WhoseUserIsInAnotherClaim_IsReadFromThere()
    {
        await using var node = new TokenFixture(options => options.UserClaim = "sub");

        Assert.Equal("anna", ChatUser.IdOf(await node.AcceptedAsync(node.Mint.Create("anna"))));
        Assert.Equal(TokenError.NoUser, await node.RefusedAsync(TestToken.Hmac(TestToken.Claims("anna", node.Later))));
    }

    [Theory]
    [InlineData("\"chat\"", true)]
    [InlineData("[\"other\",\"chat\"]", true)]
    [InlineData("\"other\"", false)]
    [InlineData("\"\"", false)]
    [InlineData(null, false)]
    public async Task Audience_WhereOneIsSet_MustBeNamed(string? audience, bool isAccepted)
    {
        await using var node = new TokenFixture(options => options.Audience = "chat");
        var claims = audience is null ? """{"name":"anna","exp":4102444800}""" : $$"""{"name":"anna","exp":4102444800,"aud":{{audience}}}""";

        Assert.Equal(isAccepted ? null : TokenError.Audience, await node.RefusedAsync(Signed(claims)));
        await node.AcceptedAsync(node.Mint.Create("anna"));
    }

    [Theory]
    [InlineData("\"us\"", true)]
    [InlineData("\"them\"", false)]
    [InlineData(null, false)]
    public async Task Issuer_WhereOneIsSet_MustBeTheOne(string? issuer, bool isAccepted)
    {
        await using var node = new TokenFixture(options => options.Issuer = "us");
        var claims = issuer is null ? """{"name":"anna","exp":4102444800}""" : $$"""{"name":"anna","exp":4102444800,"iss":{{issuer}}}""";

        Assert.Equal(isAccepted ? null : TokenError.Issuer, await node.RefusedAsync(Signed(claims)));
        await node.AcceptedAsync(node.Mint.Create("anna"));
    }

    [Fact]
    public async Task Token_LongerThanAllowed_IsRefusedUnread()
    {
        var claims = TestToken.Claims("anna", _node.Later);
        claims["more"] = new string('x', 8192);

        Assert.Equal(TokenError.TooLong, await _node.RefusedAsync(TestToken.Hmac(claims)));
        Assert.Equal(TokenError.TooLong, await _node.RefusedAsync(new string('.', 8193)));
    }

    [Theory]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("..")]
    [InlineData("....")]
    [InlineData("rubbish")]
    [InlineData("a.b.c")]
    [InlineData("🙂.🙂.🙂")]
    [InlineData("bnVsbA.bnVsbA.bnVsbA")] // null, three times
    [InlineData("e30.e30.e30")]
    [InlineData("W10.W10.W10")]
    public async Task Rubbish_IsRefused(string token) => Assert.NotNull(await _node.RefusedAsync(token));

    [Fact]
    public void Token_DamagedAnywhere_IsRefusedAndNeverThrows()
    {
        var token = TestToken.Hmac(TestToken.Claims("anna", _node.Later));
        Fuzz.Run(2000, random =>
        {
            var damaged = token.ToCharArray();
            damaged[random.Next(damaged.Length - 1)] ^= (char)(1 + random.Next(127)); // the last character contains unused bits

            Assert.True(RefusedAtOnce(new string(damaged)) is not null, $"Accepted: {new string(damaged)}");
        });
    }

    [Fact]
    public void Payload_DamagedAndSignedAllTheSame_NeverThrows()
    {
        const string Payload = """{"name":"anna","exp":4102444800,"nbf":1,"iat":1,"aud":["a","b"],"iss":"us","jti":"1","more":{"deep":[1,2,{"x":null}]}}""";
        const string Damage = """{}[]",:0aeE-.\ """;
        Fuzz.Run(2000, random =>
        {
            var damaged = Payload.ToCharArray();
            for (var n = random.Next(1, 4); n > 0; n--)
            {
                damaged[random.Next(damaged.Length)] = Damage[random.Next(Damage.Length)];
            }

            RefusedAtOnce(Signed(new string(damaged)));
        });
    }

    [Fact]
    public void Errors_AreSentencesThatAHeaderMayQuote()
    {
        var errors = typeof(TokenError).GetFields().Where(field => field.FieldType == typeof(TokenError)).Select(field => (TokenError)field.GetValue(null)!);

        // RFC 6750, section 3: printable ASCII without the quotation mark and the backslash.
        Assert.All(errors, error => Assert.Matches("^[\\x20-\\x21\\x23-\\x5B\\x5D-\\x7E]+$", error.Text));
    }

    private TokenError? RefusedAtOnce(string token) => _node.RefusedAsync(token).GetAwaiter().GetResult(); // without an issuer there is nothing to wait for

    private static string Signed(string claims) => TestToken.Sign(
        new JsonObject { ["alg"] = "HS256" }, claims, bytes => HMACSHA256.HashData(Encoding.UTF8.GetBytes(TestToken.Key), bytes));
}
