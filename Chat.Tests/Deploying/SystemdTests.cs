using Chat.Tests.Documents;
using Chat.Tests.Support;
using Xunit;

namespace Chat.Tests.Deploying;

public sealed class SystemdTests
{
    [SystemdFact]
    public async Task Units_AreUnderstoodBySystemd()
    {
        var folder = Directory.CreateTempSubdirectory("chat-units-");
        try
        {
            var units = Repository.Files(".service").Where(file => file.StartsWith("deploy/systemd/", StringComparison.Ordinal)).ToList();
            Assert.Equal(2, units.Count);
            var copies = units.Select(unit =>
            {
                var copy = Path.Combine(folder.FullName, Path.GetFileName(unit));
                File.WriteAllText(copy, Repository.Read(unit).Replace("/usr/bin/dotnet", "/bin/true", StringComparison.Ordinal)); // which may be elsewhere on this machine
                return copy;
            }).ToList();

            await using var verify = await ChildProcess.StartAsync("systemd-analyze", ["verify", .. copies], new Dictionary<string, string>());
            await verify.ExitAsync();

            // It also complains about other units.
            Assert.DoesNotContain(verify.Output.Split('\n'), line => copies.Exists(copy => line.Contains(Path.GetFileName(copy), StringComparison.Ordinal)));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    // A shorter timeout would cut off clients that are being handed over.
    [Theory]
    [InlineData("node")]
    [InlineData("edge")]
    public void Unit_GivesADrainItsTime(string name) =>
        Assert.Contains("\nTimeoutStopSec=30\n", Repository.Read($"deploy/systemd/chat-{name}.service"), StringComparison.Ordinal);

    [AttributeUsage(AttributeTargets.Method)]
    private sealed class SystemdFactAttribute : FactAttribute
    {
        public SystemdFactAttribute() => Skip = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
            .Any(folder => File.Exists(Path.Combine(folder, "systemd-analyze"))) ? null : "It needs systemd-analyze, which comes with systemd.";
    }
}
