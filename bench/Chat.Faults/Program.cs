using Chat.Faults;
using Chat.Faults.Reports;
using Chat.Faults.Systems;

if (FaultOptions.Parse(args) is not { } options)
{
    Console.Error.WriteLine(FaultOptions.Usage);
    return 2;
}

if (options.Lists)
{
    options.Scenarios.ToList().ForEach(scenario => Console.WriteLine($"{scenario.Name,-15} {scenario.Fault}: {scenario.Expected}"));
    return 0;
}

if (options is { Document: not null, IsWhole: false })
{
    Console.Error.WriteLine("A document has the whole table of one run: --write goes with neither --only nor --quick.");
    return 2;
}

SystemUnderTest[] all = [new ChatSystem(), new SignalRSystem(), new SocketIoSystem(options.InstallsPeers)];
var systems = all.Where(system => system is ChatSystem || options.Against.Contains(system.Name)).ToList();
foreach (var system in systems)
{
    if (await system.WhyNotAsync() is { } reason)
    {
        Console.Error.WriteLine($"{system.Title} cannot run here: {reason}");
        return 2;
    }
}

var machine = Machine.Describe(options.Redis);
var outcomes = await Runner.RunAsync(options, systems);
var report = systems.Count == 1 ? FaultTable.Of(outcomes) : ComparisonTable.Of(systems, outcomes);
Console.WriteLine(options.IsJson ? Json.Of(machine, outcomes) : $"{machine}\n\n{report}");
if (options.Document is { } document)
{
    Document.Renew(document, systems.Count == 1 ? "faults" : "others", $"{machine} with\n`dotnet run -c Release --project bench/Chat.Faults{Runner.Words(args)}`.\n\n{report}");
}

return outcomes.Any(outcome => outcome.System == "chat" && outcome.Violations.Count > 0) ? 1 : 0;
