using System.Globalization;

namespace Checker;

/// <summary>The size of the scenario; the defaults are what the project promises to pass.</summary>
internal sealed record CheckerOptions
{
    public const string Usage = "checker [--seconds 30] [--members 300] [--groups 30] [--rate 200] [--nodes 3]";

    /// <summary>How long messages are sent.</summary>
    public int Seconds { get; private init; } = 30;

    public int Members { get; private init; } = 300;

    public int Groups { get; private init; } = 30;

    /// <summary>Messages per second, all members together.</summary>
    public int Rate { get; private init; } = 200;

    public int Nodes { get; private init; } = 3;

    public static bool TryParse(string[] args, out CheckerOptions options)
    {
        options = new CheckerOptions();
        for (var i = 0; i < args.Length; i += 2)
        {
            if (i + 1 == args.Length || !int.TryParse(args[i + 1], NumberStyles.None, CultureInfo.InvariantCulture, out var value) || value < 1)
            {
                return false;
            }

            CheckerOptions? with = args[i] switch
            {
                "--seconds" => options with { Seconds = value },
                "--members" => options with { Members = value },
                "--groups" => options with { Groups = value },
                "--rate" => options with { Rate = value },
                "--nodes" => options with { Nodes = value },
                _ => null,
            };
            if (with is null)
            {
                return false;
            }

            options = with;
        }

        return true;
    }
}
