using Xunit;

namespace Chat.Tests.Web;

/// <summary>A test in a real browser. Where chromium is not installed it is skipped, with the reason; where CI=true it then fails instead.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class ChromiumFactAttribute : FactAttribute
{
    public ChromiumFactAttribute()
    {
        var mustRun = Environment.GetEnvironmentVariable("CI") is "true" or "1";
        if (!mustRun && Chromium.Program is null)
        {
            Skip = Chromium.WhyNot;
        }
    }
}
