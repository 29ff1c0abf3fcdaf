using System.Diagnostics;
using System.Globalization;
using System.Net.NetworkInformation;
using System.Net.Sockets;

namespace Chat.Tests.Support;

/// <summary>Machines at one switch, like containers on one network. Each machine is a Linux network namespace with a cable, an IPv4 address and an
/// IPv6 address. This process has a cable there as well; it is machine 1.</summary>
/// <remarks>A namespace lives as long as the process that holds it and takes its cables along, so nothing is left behind. The switch has a namespace
/// of its own, since this machine's firewall may drop packets that cross a bridge.</remarks>
internal sealed class NetworkLab : IAsyncDisposable
{
    private const string Hold = "echo held; exec sleep infinity";

    private readonly List<ChildProcess> _holders = [];
    private readonly int _number = FindFree();
    private int _switch;

    private NetworkLab()
    {
    }

    /// <summary>Whether the kernel supports IPv6.</summary>
    public static bool HasIPv6 { get; } = Socket.OSSupportsIPv6 && File.Exists("/proc/net/if_inet6");

    private string Cable => CableOf(_number);

    public static bool IsPermitted()
    {
        using var attempt = Process.Start(new ProcessStartInfo("unshare", ["--net", "--mount", "ip", "link", "add", "x0", "type", "bridge"]) { RedirectStandardError = true });
        attempt!.WaitForExit();
        return attempt.ExitCode == 0;
    }

    public static async Task<NetworkLab> StartAsync()
    {
        var lab = new NetworkLab();
        try
        {
            lab._switch = (await lab.HoldAsync(Hold)).Id;
            await RunAsync($"""
                ip link add {lab.Cable} type veth peer name c1 netns {lab._switch}
                ip addr add {lab.IPv4(1)}/24 dev {lab.Cable}
                {lab.AddIPv6(1, lab.Cable)}
                ip link set {lab.Cable} up
                nsenter --net --target {lab._switch} sh -ec 'ip link add b0 type bridge; ip link set c1 master b0; ip link set c1 up; ip link set b0 up'
                """);
            return lab;
        }
        catch
        {
            await lab.DisposeAsync();
            throw;
        }
    }

    public string IPv4(int machine) => string.Create(CultureInfo.InvariantCulture, $"10.213.{_number}.{machine}");

    /// <summary>The address without brackets.</summary>
    public string IPv6(int machine) => string.Create(CultureInfo.InvariantCulture, $"fd00:c4a7:{_number}::{machine}");

    /// <summary>Adds a machine on which nothing can be written, not even files of root.</summary>
    /// <param name="number">2 to 254; the last part of its addresses.</param>
    /// <param name="hosts">Its <c>/etc/hosts</c>.</param>
    /// <param name="isDetoured">Whether it has a second network, listed before the first, with the default gateway and no other machine on it.</param>
    /// <returns>The words to put before a command that is to run on the machine.</returns>
    public async Task<string[]> AddAsync(int number, string hosts, bool isDetoured = false)
    {
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, hosts);
        var holder = await HoldAsync($"mount --bind {file} /etc/hosts; mount -o remount,bind,ro /; {Hold}");
        File.Delete(file);
        var detour = isDetoured
            ? $"ip link add d{number} netns {_switch} type veth peer name a0 netns {holder.Id}; {Inside(_switch)} ip link set d{number} up; "
                + $"{Inside(holder.Id)} sh -ec 'ip addr add 192.0.2.{number}/24 dev a0; ip link set a0 up; ip route add default via 192.0.2.1'"
            : "";
        await RunAsync($"""
            {detour}
            ip link add c{number} netns {_switch} type veth peer name eth0 netns {holder.Id}
            {Inside(_switch)} sh -ec 'ip link set c{number} master b0; ip link set c{number} up'
            {Inside(holder.Id)} sh -ec 'ip addr add {IPv4(number)}/24 dev eth0; {AddIPv6(number, "eth0")} ip link set eth0 up; ip link set lo up'
            """);
        return ["nsenter", "--net", "--mount", "--target", $"{holder.Id}"];
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var holder in _holders)
        {
            await holder.DisposeAsync();
        }

        // The kernel removes the cables a moment later, and another lab may want the same network.
        await Eventually.TrueAsync(() => NetworkInterface.GetAllNetworkInterfaces().All(network => network.Name != Cable));
    }

    // Picks a number that no other test process uses.
    private static int FindFree()
    {
        var taken = NetworkInterface.GetAllNetworkInterfaces().Select(network => network.Name).ToHashSet();
        return Enumerable.Range(1, 250).OrderBy(_ => Random.Shared.Next()).First(number => !taken.Contains(CableOf(number)));
    }

    private static string CableOf(int number) => string.Create(CultureInfo.InvariantCulture, $"lab{number}");

    private static string Inside(int holder) => $"nsenter --net --target {holder}";

    // nodad makes the address usable at once. Otherwise the kernel first spends a second asking whether another machine has it.
    private string AddIPv6(int machine, string cable) => HasIPv6 ? $"ip addr add {IPv6(machine)}/64 dev {cable} nodad;" : "";

    private async Task<ChildProcess> HoldAsync(string script)
    {
        var holder = await ChildProcess.StartAsync("unshare", ["--net", "--mount", "sh", "-ec", script], new Dictionary<string, string>());
        _holders.Add(holder);
        await Eventually.TrueAsync(() => holder.Output.Contains("held", StringComparison.Ordinal));
        return holder;
    }

    private static async Task RunAsync(string script)
    {
        await using var shell = await ChildProcess.StartAsync("sh", ["-ec", script], new Dictionary<string, string>());
        await shell.ExitAsync();
        if (shell.ExitCode != 0)
        {
            throw new InvalidOperationException($"{script}\nended with {shell.ExitCode}:\n{shell.Output}");
        }
    }
}
