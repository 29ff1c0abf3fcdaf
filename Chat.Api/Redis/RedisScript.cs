using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Chat.Api.Backplane;
using Chat.Api.Redis.Resp;
using ServiceDefaults;

namespace Chat.Api.Redis;

/// <summary>A Lua script, called by its hash (EVALSHA). Each has to be given to <see cref="RedisCommands"/>, which loads it.</summary>
internal sealed class RedisScript
{
    private const string EventLine = "--+ ";
    private const string RemovalLine = "--- ";
    private const string DeletionLine = "--* ";

    private static readonly (string Name, string File)[] Parts = [("@EPOCH@", "epoch.lua"), ("@EVENT@", "event.lua")];

    /// <param name="file">The name of the file, in a folder <c>scripts</c> next to the class that calls it.</param>
    /// <param name="constants">The names that stand between at signs in the script, and the values that replace them.</param>
    public RedisScript(string file, params ReadOnlySpan<(string Name, long Value)> constants)
        : this(file, [EventLine], constants)
    {
    }

    /// <param name="file">As above.</param>
    /// <param name="kept">What the lines begin with that are only in some scripts, this one among them.</param>
    /// <param name="constants">As above.</param>
    /// <param name="tell">What <c>@TELL@</c> stands for.</param>
    private RedisScript(string file, string?[] kept, ReadOnlySpan<(string Name, long Value)> constants, string tell = "")
    {
        string[] marks = [EventLine, RemovalLine, DeletionLine];
        var text = string.Join('\n', EmbeddedText.Read(file).Split('\n')
            .Select(line => (Line: line, Mark: Array.Find(marks, mark => line.StartsWith(mark, StringComparison.Ordinal))))
            .Where(line => line.Mark is null || kept.Contains(line.Mark))
            .Select(line => line.Line[(line.Mark?.Length ?? 0)..]));
        foreach (var (name, part) in Parts)
        {
            if (text.Contains(name, StringComparison.Ordinal))
            {
                text = text.Replace(name, EmbeddedText.Read(part), StringComparison.Ordinal);
            }
        }

        text = text.Replace("@TELL@", tell, StringComparison.Ordinal);
        foreach (var (name, value) in constants)
        {
            text = text.Replace($"@{name}@", value.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal);
        }

        Text = Encoding.UTF8.GetBytes(text);
#pragma warning disable CA5350 // Redis names scripts by SHA-1; nothing is protected by it.
        Sha = Encoding.ASCII.GetBytes(Convert.ToHexStringLower(SHA1.HashData(Text)));
#pragma warning restore CA5350
    }

    /// <summary>The publish script for topics with a given log. Settings are written into its text, because every argument costs Redis
    /// time with every message.</summary>
    /// <param name="log">The log.</param>
    /// <param name="positionAge">How long its position is kept.</param>
    /// <param name="isSharded">Whether the topics have sharded channels.</param>
    /// <param name="events">What is told to a backend; null: the script is for topics whose messages are not told.</param>
    /// <param name="kind">What it publishes.</param>
    public static RedisScript Publish(
        LogOptions log, TimeSpan positionAge, bool isSharded = false, EventRules? events = null, PublishKind kind = PublishKind.Message)
    {
        const int Marks = 8; // per window, and per MostBytes; at most 32 times as many per age
        var age = (long)log.Age.TotalMilliseconds;
        var window = (long)log.Window.TotalMilliseconds;
        string?[] kept = [events is null ? null : EventLine, kind == PublishKind.Message ? null : RemovalLine, kind == PublishKind.Deletion ? DeletionLine : null];
        return new RedisScript(
            "publish.lua",
            kept,
            [
                ("KEEP", log.Messages), ("AGE", age), ("WINDOW", window), ("LIVE", age + (age / 4)), ("POSITION", (long)positionAge.TotalMilliseconds),
                ("MOST", window == 0 ? log.Messages : Math.Max(log.Messages, log.MostMessages)), ("BYTES", log.MostBytes),
                ("LARGE", log.MostBytes / 128), ("MARKTIME", Math.Max(window, age / 32) / Marks), ("MARKBYTES", log.MostBytes / Marks), ("REMOVALS", log.MostRemovals),
                ("IDS", events is null ? 3 : 5), ("ID", kind == PublishKind.Deletion ? 0 : events is null ? 5 : 6), ("QUEUE", events?.QueueLength ?? 0), ("QUEUEBYTES", events?.QueueBytes ?? 0),
            ],
            kind == PublishKind.Deletion ? "'PUBLISH', ARGV[#ARGV - 3], epoch .. ' ' .. number .. ' ' .. ARGV[#ARGV - 2] .. '\\n'"
                : isSharded ? "'SPUBLISH', ARGV[1], envelope" : "'PUBLISH', ARGV[1], envelope");
    }

    public byte[] Text { get; }

    public byte[] Sha { get; }

    /// <summary>Begins the command that calls the script; the caller appends the keys and arguments.</summary>
    public void Begin(CommandBuffer command, int keys, int arguments) =>
        command.Command(3 + keys + arguments).Bulk("EVALSHA"u8).Bulk(Sha).Bulk(keys);
}

/// <summary>What a script publishes.</summary>
internal enum PublishKind
{
    Message,

    /// <summary>A removal: it goes over a channel of the nodes' own, and does not count in the log.</summary>
    Removal,

    /// <summary>The deletion of a message: the same for its notice.</summary>
    Deletion,
}
