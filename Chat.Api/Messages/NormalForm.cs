using ServiceDefaults;

namespace Chat.Api.Messages;

/// <summary>Names are compared in Unicode's normal form C, for which .NET needs ICU.</summary>
internal static class NormalForm
{
    /// <exception cref="SettingException">The runtime was told to do without ICU: it would take two spellings of a name for two names.</exception>
    public static void Demand()
    {
        if ("e\u0301".Normalize() != "\u00e9")
        {
            throw new SettingException(
                "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT is set, so names cannot be normalized: unset it, and use an image that has ICU, such as noble-chiseled-extra.");
        }
    }
}
