// Runs any number of histories of a simulated cluster: see docs/SIMULATION.md.
return Math.Min(1, Chat.Tests.Simulation.Series.Run(args, Console.Out));
