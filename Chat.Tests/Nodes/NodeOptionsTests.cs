using Chat.Api.Nodes;
using Microsoft.Extensions.Configuration;
using Xunit;

namespace Chat.Tests.Nodes;

public sealed class NodeOptionsTests
{
    [Fact]
    public void Defaults_AreValid() =>
        Assert.True(Validator("localhost:6379").Validate(null, new NodeOptions()).Succeeded);

    [Fact]
    public void Errors_AreToldAllAtOnceWithTheirSettings()
    {
        var options = new NodeOptions { Heartbeat = TimeSpan.FromHours(1), Lease = TimeSpan.FromSeconds(1), OrderTimeout = TimeSpan.FromMinutes(2), Address = "nowhere" };

        var failures = Validator(null).Validate(null, options).Failures!.ToList();

        Assert.Collection(
            failures,
            failure => Assert.StartsWith("ConnectionStrings:redis", failure, StringComparison.Ordinal),
            failure => Assert.StartsWith("Chat:Nodes:Heartbeat", failure, StringComparison.Ordinal),
            failure => Assert.StartsWith("Chat:Nodes:Lease", failure, StringComparison.Ordinal),
            failure => Assert.StartsWith("Chat:Nodes:OrderTimeout", failure, StringComparison.Ordinal),
            failure => Assert.StartsWith("Chat:Nodes:Address", failure, StringComparison.Ordinal));
    }

    private static NodeOptionsValidator Validator(string? redis) => new(
        new ConfigurationBuilder().AddInMemoryCollection([new("ConnectionStrings:redis", redis)]).Build());
}
