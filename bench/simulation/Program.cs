// Histories of a simulated cluster, as many as one likes: see docs/SIMULATION.md.
return Math.Min(1, Chat.Tests.Simulation.Series.Run(args, Console.Out));
