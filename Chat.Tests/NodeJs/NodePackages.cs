using System.Diagnostics;

namespace Chat.Tests.NodeJs;

/// <summary>Node.js on this machine, and the official JavaScript clients beside this assembly, installed by npm at first need.</summary>
internal static class NodePackages
{
    private static readonly TimeSpan InstallTime = TimeSpan.FromMinutes(2);
    private static readonly Lazy<Task<string?>> Installation = new(InstallAsync);

    /// <summary>Where package.json, the scripts and node_modules are.</summary>
    public static string Folder { get; } = Path.Combine(AppContext.BaseDirectory, "NodeJs");

    public static string? Node { get; } = Find("node");

    /// <summary>Null, or why there are no JavaScript clients here.</summary>
    public static Task<string?> WhyNotAsync() => Installation.Value;

    private static async Task<string?> InstallAsync()
    {
        if (Node is null || Find("npm") is not { } npm)
        {
            return "Node.js and npm are not installed (Debian and Ubuntu: apt-get install nodejs npm).";
        }

        // Written last: an installation that was cut short is done again.
        var wanted = await File.ReadAllTextAsync(Path.Combine(Folder, "package.json"));
        var installed = Path.Combine(Folder, "node_modules", "installed.json");
        if (File.Exists(installed) && await File.ReadAllTextAsync(installed) == wanted)
        {
            return null;
        }

        using var process = Process.Start(new ProcessStartInfo(
            npm, ["install", "--prefix", Folder, "--no-package-lock", "--no-audit", "--no-fund", "--no-update-notifier", "--ignore-scripts", "--fetch-retries=1", "--loglevel=error"])
        {
            WorkingDirectory = Folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        try
        {
            await process.WaitForExitAsync().WaitAsync(InstallTime);
        }
        catch (TimeoutException)
        {
            process.Kill(entireProcessTree: true);
            return $"npm did not install the JavaScript clients within {InstallTime}.";
        }

        if (process.ExitCode != 0)
        {
            return $"npm could not install the JavaScript clients: {await output}{await errors}";
        }

        await File.WriteAllTextAsync(installed, wanted);
        return null;
    }

    private static string? Find(string program)
    {
        string[] names = OperatingSystem.IsWindows() ? [program + ".exe", program + ".cmd"] : [program];
        return (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
            .SelectMany(folder => names.Select(name => Path.Combine(folder, name))).FirstOrDefault(File.Exists);
    }
}
