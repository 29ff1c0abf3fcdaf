using System.Diagnostics;
using Chat.Tests.NodeJs;
using Chat.Tests.Support;
using Xunit;

namespace Chat.Tests.ClientLibrary;

/// <summary>The JavaScript library as TypeScript sees it, checked by TypeScript's own compiler.</summary>
public sealed class TypeScriptTests : IDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60); // only a failing test waits this long

    // Inside the folder of the packages, where the compiler finds them as in any project.
    private readonly DirectoryInfo _project = Directory.CreateDirectory(Path.Combine(NodePackages.Folder, "typescript-" + Guid.NewGuid().ToString("N")));

    public void Dispose() => _project.Delete(recursive: true);

    [NodeJsFact]
    public Task Page_OfAProduct_IsTyped() => AssertCompilesAsync("page");

    [NodeJsFact]
    public Task Program_ForNodeJs_IsTyped_WithoutTheTypesOfBrowsers() => AssertCompilesAsync("program");

    /// <summary>Also checks the types in the library's own comments.</summary>
    [NodeJsFact]
    public Task Library_IsWhatItIsDeclaredToBe() => AssertCompilesAsync("library");

    private async Task AssertCompilesAsync(string project)
    {
        Assert.Null(await NodePackages.WhyNotAsync());
        Copy(Path.Combine(AppContext.BaseDirectory, "ClientLibrary", "TypeScript"), ".");
        Copy(Path.Combine(WebRoot.Folder, "client"), Path.Combine("node_modules", "chat-client")); // as npm does it
        Copy(Path.Combine(WebRoot.Folder, "client"), "library");
        File.Copy(In("library", "chat-client.js"), In("library", "actual.js"));
        File.Move(In("same.ts"), In("library", "same.ts"));
        await File.WriteAllTextAsync(In("package.json"), """{ "private": true, "type": "module" }""");

        using var compiler = Process.Start(new ProcessStartInfo(
            NpmFolder.Node!, [Path.Combine(NodePackages.Folder, "node_modules", "typescript", "bin", "tsc"), "--project", In(project + ".json")])
        {
            RedirectStandardOutput = true,
        })!;
        try
        {
            var said = await compiler.StandardOutput.ReadToEndAsync().WaitAsync(Deadline);
            await compiler.WaitForExitAsync().WaitAsync(Deadline);

            Assert.Equal("", said);
            Assert.Equal(0, compiler.ExitCode);
        }
        finally
        {
            compiler.Kill();
        }
    }

    private string In(params string[] names) => Path.Combine([_project.FullName, .. names]);

    private void Copy(string from, string to)
    {
        Directory.CreateDirectory(In(to));
        foreach (var file in Directory.GetFiles(from))
        {
            File.Copy(file, In(to, Path.GetFileName(file)));
        }
    }
}
