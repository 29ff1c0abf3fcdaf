using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace ServiceDefaults;

/// <summary>Runs a process of the cluster. If settings prevent the start, it prints one line for each of them, not a stack trace.</summary>
public static class Startup
{
    // Settings are read at the start, so nothing has to watch the directory. Watching would cost a thread that wakes for every file that changes
    // there, and one of the few watches (inotify) that a machine gives a user.
    private const string NoReload = "--hostBuilder:reloadConfigOnChange=false";

    /// <summary>Builds, validates and runs the app until shutdown. Returns the exit code: 1 if a setting kept it from starting, otherwise 0.</summary>
    /// <param name="args">The command line: settings, as <c>--Key=value</c>.</param>
    /// <param name="add">Adds the features' services.</param>
    /// <param name="map">Adds their middleware and endpoints; all settings are valid by then.</param>
    public static async Task<int> RunAsync(string[] args, Action<WebApplicationBuilder> add, Action<WebApplication> map)
    {
        try
        {
            var builder = WebApplication.CreateBuilder([NoReload, .. args]);
            HostSettings.Check(builder.Configuration);
            add(builder);
            await using var app = builder.Build();
            // The host validates as well, but only after it has created the services that need valid settings.
            app.Services.GetService<IStartupValidator>()?.Validate();
            UnknownSettings.Warn(app.Services.GetServices<SettingSection>(), app.Configuration, app.Logger);
            map(app);
            await RunAsync(app);
            return 0;
        }
        catch (Exception exception) when (Explain(exception) is { Length: > 0 } lines)
        {
            foreach (var line in lines)
            {
                await Console.Error.WriteLineAsync($"Cannot start: {line.ReplaceLineEndings(" ")}");
            }

            return 1;
        }
    }

    private static async Task RunAsync(WebApplication app)
    {
        try
        {
            await app.StartAsync();
        }
        catch (OperationCanceledException) when (app.Lifetime.ApplicationStopping.IsCancellationRequested)
        {
            await app.StopAsync(); // it was asked to end before it had started
            return;
        }
        catch
        {
            await app.StopAsync(); // if they were only disposed of, the services that have started would end with an error each
            throw;
        }

        await app.WaitForShutdownAsync();
    }

    internal static string[] Explain(Exception exception) => exception switch
    {
        // An error that no setting can fix is not hidden behind those that a setting can fix.
        AggregateException several when several.InnerExceptions.All(inner => Explain(inner).Length > 0)
            => [.. several.InnerExceptions.SelectMany(Explain)],
        OptionsValidationException invalid => [.. invalid.Failures],
        SettingException setting => [setting.Message],
        // The binder's message names the key and the value.
        InvalidOperationException unbindable when unbindable.Message.StartsWith("Failed to convert configuration value", StringComparison.Ordinal)
            => [unbindable.Message],
        // Kestrel's message names the address.
        IOException { InnerException: AddressInUseException } taken
            => [$"{taken.Message} Stop what listens there or choose another address (EdgePort, ASPNETCORE_URLS)."],
        _ => [],
    };
}
