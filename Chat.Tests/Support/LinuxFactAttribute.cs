using Xunit;

namespace Chat.Tests.Support;

/// <summary>A test that reads /proc. Elsewhere it is skipped, with the reason.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class LinuxFactAttribute : FactAttribute
{
    public LinuxFactAttribute() => Skip = OperatingSystem.IsLinux() ? null : "It needs /proc, which only Linux has.";
}
