namespace Chat.Tests.Edge.Relay;

/// <summary>The same with TLS that ends at the edge.</summary>
public sealed class TlsRelayTests : RelayTests
{
    protected override bool IsTls => true;
}
