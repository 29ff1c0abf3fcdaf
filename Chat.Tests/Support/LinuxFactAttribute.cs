using Xunit;

namespace Chat.Tests.Support;

/// <summary>A test that looks into /proc: skipped, in words, elsewhere.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class LinuxFactAttribute : FactAttribute
{
    public LinuxFactAttribute() => Skip = OperatingSystem.IsLinux() ? null : "It needs /proc, which only Linux has.";
}
