using System.Net;
using System.Net.Sockets;
using AppHost;
using Microsoft.Extensions.Configuration;
using Xunit;

namespace Chat.Tests.AppHost;

/// <summary>Once, a second AppHost died with a stack trace because of the first one's port, and one without a launch profile for lack of a certificate.</summary>
public sealed class DashboardAddressesTests
{
    private const string Otlp = "ASPIRE_DASHBOARD_OTLP_ENDPOINT_URL";

    [Fact]
    public void Address_WhosePortIsTaken_IsAnotherOne()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port;

        var settled = Settle(new() { [Otlp] = $"http://localhost:{port}" })[Otlp]!;

        Assert.True(new Uri(settled) is { Scheme: "http", IsLoopback: true } && new Uri(settled).Port != port, settled);
    }

    [Theory]
    [InlineData("http://localhost:1")] // nobody listens there
    [InlineData("https://otlp.example:443")]
    public void Address_ThatIsGivenAndFree_Stays(string address) => Assert.Equal(address, Settle(new() { [Otlp] = address })[Otlp]);

    [Fact]
    public void WithoutALaunchProfile_NothingNeedsACertificate()
    {
        var configuration = Settle([]);

        Assert.Equal("true", configuration["ASPIRE_ALLOW_UNSECURED_TRANSPORT"]);
        Assert.All(["ASPNETCORE_URLS", Otlp, "ASPIRE_RESOURCE_SERVICE_ENDPOINT_URL"], key => Assert.StartsWith("http://localhost:", configuration[key], StringComparison.Ordinal));
    }

    private static IConfiguration Settle(Dictionary<string, string?> values)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(values).Build();
        DashboardAddresses.Settle(configuration);
        return configuration;
    }
}
