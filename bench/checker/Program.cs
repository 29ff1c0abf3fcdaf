using Checker;

if (!CheckerOptions.TryParse(args, out var options))
{
    Console.Error.WriteLine(CheckerOptions.Usage);
    return 2;
}

await using var redis = await RedisUnderTest.StartAsync();
await using var scenario = await Scenario.StartAsync(options, redis);
await scenario.RunAsync();
var verdict = await scenario.JudgeAsync();
Console.WriteLine(verdict);
return verdict.IsClean ? 0 : 1;
