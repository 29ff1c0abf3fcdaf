using System.Reflection;
using System.Runtime.CompilerServices;

namespace ServiceDefaults;

/// <summary>Reads files that are embedded in an assembly, such as Lua scripts.</summary>
public static class EmbeddedText
{
    /// <summary>Reads a file of the calling assembly, embedded under its bare name.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)] // otherwise, the calling assembly could be another one
    public static string Read(string file)
    {
        var assembly = Assembly.GetCallingAssembly();
        using var stream = assembly.GetManifestResourceStream(file)
            ?? throw new InvalidOperationException($"{file} is not embedded in {assembly.GetName().Name}.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
