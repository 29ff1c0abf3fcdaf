using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Http;

namespace ServiceDefaults.Nodes;

/// <summary>Lets an edge that stops have the nodes send its clients elsewhere.</summary>
/// <remarks>
/// <para>At its start, an edge makes up an id. It puts the id into each request that it passes on, in place of whatever a client put there. Before it
/// stops, it posts the id to the nodes. They close the connections that came with the id, each in its own protocol and after everything that was sent
/// before. The edge could not do that: it only passes bytes on, and could not put a goodbye between them.</para>
/// <para>The id is the permission. Only that edge and the nodes get to see it, and whoever has it can do no more than close the connections that came
/// with it. So there is no key to configure, and Redis is not needed.</para>
/// </remarks>
public static class EdgeStop
{
    /// <summary>The header with the edge's id.</summary>
    public const string Header = "X-Edge";

    /// <summary>The path at which an edge tells a node. Edges do not pass on requests for this path.</summary>
    public const string Path = "/edges/stop";

    /// <summary>The header with the id of the edge that stops. It is not <see cref="Header"/>, which edges put into everything that they pass on.</summary>
    public const string StoppedHeader = "X-Edge-Stop";

    private const string Prefix = "edge:"; // no node's id has a colon
    private const string Letters = "abcdefghijklmnopqrstuvwxyz0123456789";
    private const int Length = 26; // 134 bits
    private static readonly SearchValues<char> Allowed = SearchValues.Create(Letters);

    public static string NewId() => RandomNumberGenerator.GetString(Letters, Length);

    /// <summary>The edge that passed the request on; null if there is none, or if the header is not the id of an edge.</summary>
    public static string? EdgeOf(HttpContext http) => IdIn(http, Header);

    /// <summary>The edge that stops; null as above.</summary>
    public static string? StoppedOf(HttpContext http) => IdIn(http, StoppedHeader);

    /// <summary>The text that is published on the nodes' channel.</summary>
    public static string Announcement(string edge) => Prefix + edge;

    public static bool TryParse(string announcement, [NotNullWhen(true)] out string? edge)
    {
        edge = announcement.StartsWith(Prefix, StringComparison.Ordinal) ? announcement[Prefix.Length..] : null;
        return edge is { Length: Length } && IsId(edge);
    }

    private static string? IdIn(HttpContext http, string header) => http.Request.Headers[header] is [{ Length: Length } id] && IsId(id) ? id : null;

    private static bool IsId(string text) => !text.AsSpan().ContainsAnyExcept(Allowed);
}
