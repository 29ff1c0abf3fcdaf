// A chat in the console: dotnet run --project samples/HelloChat -- http://localhost:8080 anna lobby
using Chat.Client;

if (args is not [var address, var name, var group])
{
    Console.WriteLine("Give an address, a name and a group, for example: http://localhost:8080 anna lobby");
    return;
}

var server = new Uri(address);
using var http = new HttpClient { BaseAddress = server };
await using var chat = await ChatClient.ConnectAsync(new ChatClientOptions
{
    Server = server,
    Token = async cancellation => await http.GetStringAsync($"/api/auth/token?nick={Uri.EscapeDataString(name)}", cancellation),
    StateChanged = (_, change) => Console.WriteLine($"[{change.State} {change.Reason}]"),
});
await chat.JoinAsync(group);
_ = Task.Run(async () =>
{
    await SayAsync($"{name} is here");
    while (Console.ReadLine() is { } line)
    {
        await SayAsync(line);
    }
});
await foreach (var happened in chat.ReadAllAsync())
{
    Console.WriteLine(happened switch
    {
        ChatMessage { Group: { } where } message => $"{where} {message.From}: {message.Text}",
        ChatMessage message => $"{message.From} to you: {message.Text}",
        ChatSubscribed { Recovered: false } lost => $"[something may be missing in {lost.Group ?? "messages to you"}]",
        _ => $"[{happened}]",
    });
}

async Task SayAsync(string text)
{
    try
    {
        await chat.PostAsync(group, text);
    }
    catch (ChatException failure)
    {
        Console.WriteLine($"[not sent: {failure.Message}]");
    }
}
