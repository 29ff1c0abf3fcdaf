using System.Collections;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Orchestration;

namespace Aspire.Hosting.Offline;

/// <summary>Describes how a process is started: program, arguments, folder, environment.</summary>
internal sealed class ProcessEnvironment(Dashboard dashboard)
{
    // These are meant for the AppHost. A process that inherited them would listen where the AppHost's profile says, or take itself for an AppHost.
    private static readonly string[] OwnVariables =
    [
        "ASPNETCORE_URLS", "HTTP_PORTS", "HTTPS_PORTS", "ASPNETCORE_HTTP_PORTS", "ASPNETCORE_HTTPS_PORTS", "DOTNET_URLS",
        "DOTNET_LAUNCH_PROFILE", "DOTNET_STARTUP_HOOKS", "DOTNET_HOSTINGSTARTUPASSEMBLIES", "ASPNETCORE_HOSTINGSTARTUPASSEMBLIES",
    ];

    /// <summary>The variables of this process, without those that are meant for it alone.</summary>
    public static Dictionary<string, string> Inherited()
    {
        var variables = new Dictionary<string, string>(OperatingSystem.IsWindows() ? StringComparer.OrdinalIgnoreCase : StringComparer.Ordinal);
        foreach (DictionaryEntry variable in Environment.GetEnvironmentVariables())
        {
            variables[(string)variable.Key] = (string?)variable.Value ?? "";
        }

        foreach (var name in OwnVariables)
        {
            variables.Remove(name);
        }

        return variables;
    }

    /// <summary>Describes the start of an instance. Waits for values that are not known yet.</summary>
    /// <exception cref="DistributedApplicationException">The program does not exist.</exception>
    public async Task<StartProcess> DescribeAsync(Instance instance, CancellationToken cancellationToken)
    {
        var variables = await VariablesAsync(instance, cancellationToken).ConfigureAwait(false);
        var arguments = await ArgumentsAsync(instance.Resource, cancellationToken).ConfigureAwait(false);
        if (instance.Resource is ExecutableResource executable)
        {
            // A relative path starts at the folder that the program runs in. A bare name is looked up on the PATH.
            return new StartProcess(executable.Command, arguments, executable.WorkingDirectory, variables);
        }

        var project = instance.Resource.Annotations.OfType<ProjectAnnotation>().Single().Project;
        return File.Exists(project.TargetPath)
            ? new StartProcess(DotnetHost.Path, ["exec", project.TargetPath, .. arguments], Path.GetDirectoryName(project.ProjectPath)!, variables)
            : throw new DistributedApplicationException($"{project.TargetPath} is missing. Build it: dotnet build {project.ProjectPath}");
    }

    private static async Task<List<string>> ArgumentsAsync(IResource resource, CancellationToken cancellationToken)
    {
        var arguments = new List<string>();
        foreach (var argument in resource.Annotations.OfType<ArgsAnnotation>().SelectMany(args => args.Args))
        {
            arguments.Add(await TextAsync(argument, cancellationToken).ConfigureAwait(false));
        }

        return arguments;
    }

    private static async Task<string> TextAsync(object value, CancellationToken cancellationToken) =>
        value is IValueProvider provider
            ? await provider.GetValueAsync(cancellationToken).ConfigureAwait(false) ?? ""
            : value.ToString() ?? "";

    private async Task<Dictionary<string, string>> VariablesAsync(Instance instance, CancellationToken cancellationToken)
    {
        var variables = Inherited();
        variables["OTEL_SERVICE_NAME"] = instance.Resource.Name;
        variables["OTEL_RESOURCE_ATTRIBUTES"] = $"service.instance.id={instance.Suffix}";
        dashboard.AddTo(variables);
        if (instance.Resource is ProjectResource)
        {
            var urls = instance.Resource.Annotations.OfType<EndpointAnnotation>()
                .Where(endpoint => endpoint.UriScheme == "http")
                .Select(endpoint => $"http://localhost:{instance.TargetPorts[endpoint.Name]}");
            variables["ASPNETCORE_URLS"] = string.Join(';', urls);
            variables.TryAdd("Logging__Console__FormatterName", "simple");
            variables.TryAdd("Logging__Console__FormatterOptions__SingleLine", "true"); // every line gets a prefix
        }

        var added = new Dictionary<string, object>(variables.Comparer);
        foreach (var annotation in instance.Resource.Annotations.OfType<EnvironmentAnnotation>())
        {
            await annotation.AddAsync(added, cancellationToken).ConfigureAwait(false);
        }

        foreach (var (name, value) in added)
        {
            variables[name] = await TextAsync(value, cancellationToken).ConfigureAwait(false);
        }

        return variables;
    }
}
