Console.WriteLine("Chat");
