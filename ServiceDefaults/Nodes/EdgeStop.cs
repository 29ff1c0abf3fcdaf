using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Http;

namespace ServiceDefaults.Nodes;

/// <summary>How an edge that stops has the nodes send its clients elsewhere.</summary>
/// <remarks>
/// <para>An edge makes up an id at its start and puts it into each request that it passes on, in place of whatever a client put there. Before it
/// stops, it posts the id to the nodes, which close the connections that came with it, each in its own protocol and behind all that was sent
/// before: an edge only passes bytes on, and could put no goodbye between them.</para>
/// <para>The id is the permission. Nobody but that edge and the nodes gets to see it, and who has it can do no more than close the
/// connections that came with it. So there is no key to configure, and Redis need not be there.</para>
/// </remarks>
public static class EdgeStop
{
    /// <summary>The header with the edge's id.</summary>
    public const string Header = "X-Edge";

    /// <summary>Where a node is told. Edges pass nothing on to it.</summary>
    public const string Path = "/edges/stop";

    /// <summary>The header with the id of the edge that stops. Not the other one, which edges put into whatever they pass on.</summary>
    public const string StoppedHeader = "X-Edge-Stop";

    private const string Prefix = "edge:"; // no node's id has a colon
    private const string Letters = "abcdefghijklmnopqrstuvwxyz0123456789";
    private const int Length = 26; // 134 bits
    private static readonly SearchValues<char> Allowed = SearchValues.Create(Letters);

    public static string NewId() => RandomNumberGenerator.GetString(Letters, Length);

    /// <summary>The edge that passed the request on. Null: none, or what is there is no edge's id.</summary>
    public static string? EdgeOf(HttpContext http) => IdIn(http, Header);

    /// <summary>The edge that stops. Null as above.</summary>
    public static string? StoppedOf(HttpContext http) => IdIn(http, StoppedHeader);

    /// <summary>What stands on the nodes' channel.</summary>
    public static string Announcement(string edge) => Prefix + edge;

    public static bool TryParse(string announcement, [NotNullWhen(true)] out string? edge)
    {
        edge = announcement.StartsWith(Prefix, StringComparison.Ordinal) ? announcement[Prefix.Length..] : null;
        return edge is { Length: Length } && IsId(edge);
    }

    private static string? IdIn(HttpContext http, string header) => http.Request.Headers[header] is [{ Length: Length } id] && IsId(id) ? id : null;

    private static bool IsId(string text) => !text.AsSpan().ContainsAnyExcept(Allowed);
}
