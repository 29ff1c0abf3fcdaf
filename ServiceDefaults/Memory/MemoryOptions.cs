using System.ComponentModel.DataAnnotations;

namespace ServiceDefaults.Memory;

/// <summary>What a process does with memory that it does not need. Bound from <c>Chat:Memory</c>, by nodes and edges.</summary>
public sealed class MemoryOptions
{
    public const string Section = "Chat:Memory";

    /// <summary>The largest heap at which an idle process collects its garbage and gives the memory back. Meanwhile, the process stands still for
    /// some two milliseconds for each MiB.</summary>
    /// <value>Bytes, 0 to 16 GiB. Default 64 MiB; 0: never. A larger heap is collected as the runtime sees fit.</value>
    [Range(0, 16L * 1024 * 1024 * 1024)]
    public long QuietHeap { get; set; } = 64 * 1024 * 1024;
}
