using Chat.Tests.Support;
using Xunit;

namespace Chat.Tests.NodeJs;

/// <summary>A test in Node.js without packages. Where Node.js is not installed it is skipped, with the reason; where CI=true it then fails instead.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class NodeFactAttribute : FactAttribute
{
    /// <summary>The switch that Node.js 20 needs to have WebSockets; from 22 on it does nothing.</summary>
    public const string WebSockets = "--experimental-websocket";

    public NodeFactAttribute()
    {
        var mustRun = Environment.GetEnvironmentVariable("CI") is "true" or "1";
        if (!mustRun && NpmFolder.Node is null)
        {
            Skip = "Node.js is not installed (Debian and Ubuntu: apt-get install nodejs).";
        }
    }
}
