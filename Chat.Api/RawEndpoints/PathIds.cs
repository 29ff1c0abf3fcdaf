using System.Text;
using Chat.Api.Messages;
using Microsoft.AspNetCore.Http.Features;

namespace Chat.Api.RawEndpoints;

/// <summary>The ids at the end of a path.</summary>
/// <remarks>Read from the request as it came: a route's values leave <c>%2F</c> as it is, and so do not distinguish the id <c>a/b</c>
/// from the id <c>a%2Fb</c>.</remarks>
internal static class PathIds
{
    /// <summary>The ids in the last segments; null if one of them is not an id. Dots alone are not ids either: they are parts of a path.</summary>
    public static string[]? Read(HttpContext http, int count)
    {
        var target = http.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        var query = target.AsSpan().IndexOf('?');
        var segments = (query < 0 ? target : target[..query]).TrimEnd('/').Split('/');
        var ids = new string[count];
        for (var i = 0; i < count; i++)
        {
            if (segments.Length < count || !TryDecode(segments[^(count - i)], out var id) || id is "." or "..")
            {
                return null;
            }

            ids[i] = id;
        }

        return ids;
    }

    private static bool TryDecode(string segment, out string id)
    {
        id = "";
        var utf8 = Encoding.UTF8.GetBytes(segment);
        var length = 0;
        for (var i = 0; i < utf8.Length; i++)
        {
            if (utf8[i] != '%')
            {
                utf8[length++] = utf8[i];
            }
            else if (i + 2 < utf8.Length && char.IsAsciiHexDigit((char)utf8[i + 1]) && char.IsAsciiHexDigit((char)utf8[i + 2]))
            {
                utf8[length++] = Convert.FromHexString([(char)utf8[i + 1], (char)utf8[i + 2]])[0];
                i += 2;
            }
            else
            {
                return false;
            }
        }

        if (!ChatId.TryParse(utf8.AsSpan(0, length), stackalloc byte[ChatId.MaxBytes], out var valid))
        {
            return false;
        }

        id = Encoding.UTF8.GetString(valid);
        return true;
    }
}
