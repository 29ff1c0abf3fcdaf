using System.Diagnostics;

namespace Chat.Tests.Support;

/// <summary>A folder with a package.json, whose packages npm installs beside it when they are first needed.</summary>
/// <param name="folder">The folder of package.json and node_modules.</param>
internal sealed class NpmFolder(string folder)
{
    private static readonly TimeSpan InstallTime = TimeSpan.FromMinutes(2);

    public static string? Node { get; } = Find("node");

    public string Folder => folder;

    /// <summary>Whether the packages are there, so that nothing needs to be installed.</summary>
    public bool IsInstalled => File.Exists(Installed) && File.ReadAllText(Installed) == Wanted;

    private string Wanted => File.ReadAllText(Path.Combine(folder, "package.json"));

    // This file is written last, so that an interrupted installation is repeated.
    private string Installed => Path.Combine(folder, "node_modules", "installed.json");

    /// <returns>Null, or why the packages are not there.</returns>
    public async Task<string?> InstallAsync()
    {
        if (Node is null || Find("npm") is not { } npm)
        {
            return "Node.js and npm are not installed (Debian and Ubuntu: apt-get install nodejs npm).";
        }

        if (IsInstalled)
        {
            return null;
        }

        using var process = Process.Start(new ProcessStartInfo(
            npm, ["install", "--prefix", folder, "--no-package-lock", "--no-audit", "--no-fund", "--no-update-notifier", "--ignore-scripts", "--fetch-retries=1", "--loglevel=error"])
        {
            WorkingDirectory = folder,
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
            return $"npm did not install the packages within {InstallTime}.";
        }

        if (process.ExitCode != 0)
        {
            return $"npm could not install the packages: {await output}{await errors}";
        }

        await File.WriteAllTextAsync(Installed, Wanted);
        return null;
    }

    private static string? Find(string program)
    {
        string[] names = OperatingSystem.IsWindows() ? [program + ".exe", program + ".cmd"] : [program];
        return (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
            .SelectMany(path => names.Select(name => Path.Combine(path, name))).FirstOrDefault(File.Exists);
    }
}
