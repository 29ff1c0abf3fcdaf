using System.ComponentModel;
using System.Diagnostics;

namespace AppHost;

internal sealed partial record RedisServer
{
    private static readonly TimeSpan EngineAnswers = TimeSpan.FromSeconds(3);

    static partial void TellContainers(ref bool has) => has = true;

    static partial void TryAddContainer(IDistributedApplicationBuilder builder, RedisSettings settings, ref RedisServer? redis)
    {
        var isWanted = builder.ExecutionContext.IsPublishMode || settings.Server == "container" || Answers("docker") || Answers("podman");
        if (!isWanted)
        {
            return;
        }

        // Plain TCP: on one machine there is nobody to hide from, and no certificate that the nodes would trust.
        var container = builder.AddRedis(Name).WithoutHttpsCertificate();
        if (settings.Persist)
        {
            container.WithDataVolume().WithPersistence();
        }

        redis = new RedisServer("container", container, container);
    }

    // The command alone says nothing: it may be there without an engine behind it.
    private static bool Answers(string engine)
    {
        try
        {
            using var info = Process.Start(new ProcessStartInfo(engine, "info") { RedirectStandardOutput = true, RedirectStandardError = true });
            if (info is null)
            {
                return false;
            }

            info.BeginOutputReadLine();
            info.BeginErrorReadLine();
            if (info.WaitForExit(EngineAnswers))
            {
                return info.ExitCode == 0;
            }

            info.Kill(entireProcessTree: true);
            return false;
        }
        catch (Win32Exception)
        {
            return false; // not installed
        }
    }
}
