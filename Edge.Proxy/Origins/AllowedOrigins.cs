using Microsoft.Extensions.Options;

namespace Edge.Proxy.Origins;

/// <summary>The origins whose pages may connect, besides pages from the host that is asked: those of the setting, and in
/// Development whatever runs on the developer's machine, such as an application's own server on port 3000.</summary>
internal sealed class AllowedOrigins(IOptions<EdgeOptions> options, IHostEnvironment environment)
{
    private readonly HashSet<string> _listed = new(options.Value.AllowedOrigins, StringComparer.OrdinalIgnoreCase);
    private readonly bool _isDevelopment = environment.IsDevelopment();

    public bool Contains(string origin) => _listed.Contains(origin) || (_isDevelopment && Origin.IsLoopback(origin));
}
