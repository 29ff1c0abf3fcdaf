using Xunit;

namespace Chat.Tests.Web;

/// <summary>A test in a real browser: skipped, in words, where chromium is not installed. Where CI=true it then fails instead.</summary>
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
