using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace ServiceDefaults;

/// <summary>Runs an app; what a setting can mend is told in one line each instead of a stack trace.</summary>
public static class Startup
{
    /// <summary>Runs until shutdown. Returns the exit code: 1 when a setting kept it from starting, else 0.</summary>
    public static async Task<int> RunOrExplainAsync(this WebApplication app)
    {
        var name = app.Environment.ApplicationName; // the app is disposed by the time this is needed
        try
        {
            // The host validates too, but only after it has created the services that need valid settings.
            app.Services.GetService<IStartupValidator>()?.Validate();
            await app.RunAsync();
            return 0;
        }
        catch (Exception exception) when (Explain(exception) is { Length: > 0 } lines)
        {
            foreach (var line in lines)
            {
                await Console.Error.WriteLineAsync($"{name} cannot start: {line}");
            }

            return 1;
        }
    }

    internal static string[] Explain(Exception exception) => exception switch
    {
        // One that no setting can mend is not hidden behind those that one can.
        AggregateException several when several.InnerExceptions.All(inner => Explain(inner).Length > 0)
            => [.. several.InnerExceptions.SelectMany(Explain)],
        OptionsValidationException invalid => [.. invalid.Failures],
        // The binder's message names the key and the value.
        InvalidOperationException unbindable when unbindable.Message.StartsWith("Failed to convert configuration value", StringComparison.Ordinal)
            => [unbindable.Message],
        // Kestrel's message names the address.
        IOException { InnerException: Microsoft.AspNetCore.Connections.AddressInUseException } taken
            => [$"{taken.Message} Stop what listens there or choose another address (EdgePort, ASPNETCORE_URLS)."],
        _ => [],
    };
}
