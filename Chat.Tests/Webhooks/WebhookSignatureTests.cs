using System.Globalization;
using System.Text;
using Chat.Api.Webhooks;
using Xunit;

namespace Chat.Tests.Webhooks;

public sealed class WebhookSignatureTests
{
    // The example with which the libraries of Standard Webhooks test themselves.
    private const string Secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    private const string Id = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    private const long Timestamp = 1614265330;
    private const string Signature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
    private static readonly byte[] Body = Encoding.UTF8.GetBytes("""{"test": 2432232314}""");

    [Fact]
    public void Signature_OfThePublishedExample_IsThePublishedOne() => Assert.Equal(Signature, Parse(Secret).Of(Id, Timestamp, Body));

    [Fact]
    public void Signature_WithTwoSecrets_IsOneOfEach()
    {
        var other = "whsec_" + Convert.ToBase64String(new byte[32]);

        Assert.Equal($"{Parse(other).Of(Id, Timestamp, Body)} {Signature}", Parse($"{other} {Secret}").Of(Id, Timestamp, Body));
    }

    [Fact]
    public void Sign_PutsIdTimeAndSignatureIntoTheHeaders()
    {
        using var request = new HttpRequestMessage();

        Parse(Secret).Sign(request, Id, DateTimeOffset.FromUnixTimeSeconds(Timestamp), Body);

        Assert.Equal([Id], request.Headers.GetValues("webhook-id"));
        Assert.Equal([Timestamp.ToString(CultureInfo.InvariantCulture)], request.Headers.GetValues("webhook-timestamp"));
        Assert.Equal([Signature], request.Headers.GetValues("webhook-signature"));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")] // the prefix of a secret is missing
    [InlineData("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS*")]
    [InlineData("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2La")] // 21 bytes
    [InlineData($"{Secret} secret")]
    public void Secret_ThatBreaksTheRule_IsNone(string? text) => Assert.False(WebhookSignature.TryParse(text, out _));

    private static WebhookSignature Parse(string secrets) =>
        WebhookSignature.TryParse(secrets, out var signature) ? signature : throw new FormatException(secrets);
}
