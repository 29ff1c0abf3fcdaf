using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Chat.Api.Backplane.Resp;

namespace Chat.Api.Backplane;

/// <summary>A Lua script from a file beside this one, called by its hash (EVALSHA).</summary>
internal sealed class RedisScript
{
    public static readonly RedisScript Read = new("read.lua");
    public static readonly RedisScript Admit = new("admit.lua");
    public static readonly RedisScript Count = new("count.lua");
    public static readonly RedisScript Groups = new("groups.lua");
    public static readonly RedisScript GroupsJoin = new("groups-join.lua");
    public static readonly RedisScript GroupsLeave = new("groups-leave.lua");

    private RedisScript(string file, params ReadOnlySpan<(string Name, long Value)> constants)
    {
        var text = ReadFile(file);
        if (text.Contains("@EPOCH@", StringComparison.Ordinal))
        {
            text = text.Replace("@EPOCH@", ReadFile("epoch.lua"), StringComparison.Ordinal);
        }

        foreach (var (name, value) in constants)
        {
            text = text.Replace($"@{name}@", value.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal);
        }

        Text = Encoding.UTF8.GetBytes(text);
#pragma warning disable CA5350 // Redis names scripts by SHA-1; nothing is protected by it.
        Sha = Encoding.ASCII.GetBytes(Convert.ToHexStringLower(SHA1.HashData(Text)));
#pragma warning restore CA5350
    }

    /// <summary>The publish script for topics with such a log. What never changes is written into it: an argument costs
    /// Redis time with every message.</summary>
    public static RedisScript Publish(LogOptions log, TimeSpan positionAge)
    {
        const int Marks = 8; // per window, and per log full of bytes; at most 32 times as many per age
        var age = (long)log.Age.TotalMilliseconds;
        var window = (long)log.Window.TotalMilliseconds;
        return new RedisScript(
            "publish.lua",
            ("KEEP", log.Messages), ("AGE", age), ("WINDOW", window), ("LIVE", age + (age / 4)), ("POSITION", (long)positionAge.TotalMilliseconds),
            ("MOST", window == 0 ? log.Messages : Math.Max(log.Messages, log.MostMessages)), ("BYTES", log.MostBytes),
            ("LARGE", log.MostBytes / 128), ("MARKTIME", Math.Max(window, age / 32) / Marks), ("MARKBYTES", log.MostBytes / Marks));
    }

    public byte[] Text { get; }

    public byte[] Sha { get; }

    private static string ReadFile(string file)
    {
        using var stream = typeof(RedisScript).Assembly.GetManifestResourceStream(file)
            ?? throw new InvalidOperationException($"The script {file} is not embedded in the assembly.");
        return new StreamReader(stream).ReadToEnd();
    }

    /// <summary>Begins the command that calls it; keys and arguments are to follow.</summary>
    public void Begin(CommandBuffer command, int keys, int arguments) =>
        command.Command(3 + keys + arguments).Bulk("EVALSHA"u8).Bulk(Sha).Bulk(keys);
}
