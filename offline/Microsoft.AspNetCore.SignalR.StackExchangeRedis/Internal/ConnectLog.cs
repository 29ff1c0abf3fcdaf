using System.Text;
using Microsoft.Extensions.Logging;

namespace Microsoft.AspNetCore.SignalR.StackExchangeRedis.Internal;

/// <summary>Passes what the client of Redis writes while it connects on to the log.</summary>
internal sealed class ConnectLog(ILogger logger) : TextWriter
{
    public override Encoding Encoding => Encoding.UTF8;

    public override void Write(char value)
    {
        // It writes lines only.
    }

    public override void WriteLine(string? value) => logger.Connecting(value ?? "");
}
