using System.Collections.Concurrent;
using System.Runtime.CompilerServices;

namespace Chat.Tests.Support.Hosts;

/// <summary>The processes that wait for their next server. A server that ends returns its process, unless a test has ended or paused that.</summary>
internal static class ServerHosts
{
    private static readonly ConcurrentDictionary<string, ConcurrentStack<ServerHost>> Idle = new();

    /// <summary>Has the tests' servers start here. The benches, which measure what a start costs and what a process has in memory, do not have this
    /// file.</summary>
    [ModuleInitializer]
    public static void Use() => ServerProcess.Start = StartAsync;

    private static async Task<ServerProcess.Running> StartAsync(string program, IReadOnlyDictionary<string, string> environment)
    {
        var idle = Idle.GetOrAdd(program, static _ => []);
        if (!idle.TryPop(out var host))
        {
            host = await ServerHost.StartAsync(program);
        }

        await host.BeginAsync(environment);
        return new ServerProcess.Running(host.Process, async () =>
        {
            if (await host.EndAsync())
            {
                idle.Push(host);
            }
            else
            {
                await host.DisposeAsync();
            }
        });
    }
}
