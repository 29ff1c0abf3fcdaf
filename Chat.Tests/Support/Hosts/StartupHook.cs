using System.Diagnostics;
using System.IO.Pipes;
using System.Reflection;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

/// <summary>Runs inside the process of a <see cref="Chat.Tests.Support.Hosts.ServerHost"/>, before the program's own entry point: runs the program as
/// often as it is told to, each time from its entry point on and with other settings.</summary>
/// <remarks>The runtime demands this name, without a namespace, and calls it because of <c>DOTNET_STARTUP_HOOKS</c>.</remarks>
internal static class StartupHook
{
    private static IHost? _host;

    public static void Initialize()
    {
        if (Environment.GetEnvironmentVariable(Chat.Tests.Support.Hosts.ServerHost.PipeVariable) is not { } name)
        {
            return; // not started by a ServerHost
        }

        DiagnosticListener.AllListeners.Subscribe(new Observer<DiagnosticListener>(static listener =>
        {
            if (listener.Name == "Microsoft.Extensions.Hosting")
            {
                listener.Subscribe(new Observer<KeyValuePair<string, object?>>(static written =>
                {
                    if (written.Key == "HostBuilt")
                    {
                        Volatile.Write(ref _host, (IHost)written.Value!);
                    }
                }));
            }
        }));

        using var pipe = new NamedPipeClientStream(".", name, PipeDirection.In);
        pipe.Connect();
        using var orders = new StreamReader(pipe);
        while (orders.ReadLine() is { } settings)
        {
            Run(JsonSerializer.Deserialize<Dictionary<string, string>>(settings)!, orders);
        }

        Environment.Exit(0);
    }

    private static void Run(Dictionary<string, string> settings, StreamReader orders)
    {
        Volatile.Write(ref _host, null);
        foreach (var (name, value) in settings)
        {
            Environment.SetEnvironmentVariable(name, value);
        }

        var isAsked = false;
        var program = new Thread(() =>
        {
            var code = Assembly.GetEntryAssembly()!.EntryPoint!.Invoke(null, BindingFlags.DoNotWrapExceptions, null, [Array.Empty<string>()], null);
            if (!Volatile.Read(ref isAsked))
            {
                Environment.Exit(code as int? ?? 0); // by itself or by a signal, which ends a usual process
            }
        });
        program.Start();
        if (orders.ReadLine() is null)
        {
            Environment.Exit(0);
        }

        Volatile.Write(ref isAsked, true);
        SpinWait.SpinUntil(() => Volatile.Read(ref _host) is not null || !program.IsAlive);
        End(_host);
        program.Join();
        foreach (var name in settings.Keys)
        {
            Environment.SetEnvironmentVariable(name, null);
        }

        Console.Out.WriteLine(Chat.Tests.Support.Hosts.ServerHost.Ended);
    }

    // A test that is over waits for nobody: the server gets no time to drain.
    private static void End(IHost? host)
    {
        try
        {
            host?.Services.GetRequiredService<IOptions<HostOptions>>().Value.ShutdownTimeout = TimeSpan.FromMilliseconds(1);
            host?.Services.GetRequiredService<IHostApplicationLifetime>().StopApplication();
        }
        catch (ObjectDisposedException)
        {
            // It ends already.
        }
    }

    private sealed class Observer<T>(Action<T> next) : IObserver<T>
    {
        public void OnCompleted()
        {
        }

        public void OnError(Exception error)
        {
        }

        public void OnNext(T value) => next(value);
    }
}
