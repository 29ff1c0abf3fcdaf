using Chat.Micro;

return Series.Run(args, Console.Out, Console.Error);
