using System.Security.Cryptography;
using System.Text;

namespace Chat.Api.Backplane;

/// <summary>A Lua script from a file beside this one, called by its hash (EVALSHA).</summary>
internal sealed class RedisScript
{
    public static readonly RedisScript Publish = new("publish.lua");
    public static readonly RedisScript Read = new("read.lua");
    public static readonly RedisScript Admit = new("admit.lua");
    public static readonly RedisScript Release = new("release.lua");

    public static readonly IReadOnlyList<RedisScript> All = [Publish, Read, Admit, Release];

    private RedisScript(string file)
    {
        using var stream = typeof(RedisScript).Assembly.GetManifestResourceStream(file)
            ?? throw new InvalidOperationException($"The script {file} is not embedded in the assembly.");
        Text = new byte[stream.Length];
        stream.ReadExactly(Text);
#pragma warning disable CA5350 // Redis names scripts by SHA-1; nothing is protected by it.
        Sha = Encoding.ASCII.GetBytes(Convert.ToHexStringLower(SHA1.HashData(Text)));
#pragma warning restore CA5350
    }

    public byte[] Text { get; }

    public byte[] Sha { get; }
}
