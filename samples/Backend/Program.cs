// A backend for Chat: it signs users in, says who may do what, is told what happens, and publishes. To run it beside the cluster:
//   dotnet run --project AppHost -- --Sample=true
using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

var builder = WebApplication.CreateBuilder(args);
var settings = builder.Configuration.GetRequiredSection("Chat");
builder.Services.AddHttpClient("chat", chat =>
{
    chat.BaseAddress = new Uri(settings["Url"]!);
    chat.DefaultRequestHeaders.Add("X-Api-Key", settings["ApiKey"]);
});
var app = builder.Build();

// Your users, your passwords and your rules. Here they are a few that everybody knows.
var users = new Dictionary<string, string> { ["anna"] = "anna's password", ["ben"] = "ben's password" };
var staff = new HashSet<string> { "anna" };

// 1. Who is it? Chat accepts the token because it is signed with the key that both know (Auth:SecurityKey).
var signing = new SigningCredentials(new SymmetricSecurityKey(Encoding.UTF8.GetBytes(settings["SecurityKey"]!)), SecurityAlgorithms.HmacSha256);
app.MapPost("/sign-in", IResult (SignIn request) =>
    users.TryGetValue(request.Name, out var password) && password == request.Password
        ? TypedResults.Text(new JsonWebTokenHandler().CreateToken(new SecurityTokenDescriptor
        {
            Claims = new Dictionary<string, object> { ["name"] = request.Name },
            Expires = DateTime.UtcNow.AddHours(1),
            SigningCredentials = signing,
        }))
        : TypedResults.Unauthorized());

// 2. What may they do? The nodes ask once per user and topic (Chat:Access:Url), and keep the answer for as long as it says.
app.MapPost("/access", async (HttpRequest http) =>
{
    if (await ReadSignedAsync(http) is not { } body)
    {
        return Results.Unauthorized();
    }

    var question = JsonSerializer.Deserialize<Question>(body, JsonSerializerOptions.Web)!;
    string[] allow = question.Topic is null ? ["connect"]
        : question.Topic.StartsWith("group:staff-", StringComparison.Ordinal) && !staff.Contains(question.User) ? [] : ["*"];
    return Results.Json(new { allow, maxAge = 60 });
});

// 3. What happens? Events come at least once, in order per topic (Events:Url). A real backend writes them to a database, in which a unique column
// drops duplicates. Only then does it answer 2xx.
var events = new ConcurrentDictionary<string, JsonElement>();
app.MapPost("/events", async (HttpRequest http) =>
{
    if (await ReadSignedAsync(http) is not { } body)
    {
        return Results.Unauthorized();
    }

    foreach (var happened in JsonElement.Parse(body).GetProperty("events").EnumerateArray())
    {
        events.TryAdd(happened.GetProperty("id").GetString()!, happened);
    }

    return Results.NoContent();
});
app.MapGet("/events", () => events.Values);

// 4. Tell everybody something, in a group in which every user begins (Chat:Chats). With an id of your own, a request that was not answered can be
// repeated, and the message is published once.
app.MapPost("/notice", async (Notice notice, IHttpClientFactory clients) =>
{
    using var chat = clients.CreateClient("chat");
    using var answer = await chat.PostAsJsonAsync("/api/v1/publish", new { topic = "group:first", msg = notice.Text, from = "backend", id = notice.Id });
    return Results.Content(await answer.Content.ReadAsStringAsync(), "application/json", statusCode: (int)answer.StatusCode);
});

app.Run();

// Returns the body, if Chat has signed it and it is not old: standardwebhooks.com. Null: somebody else has sent it.
async Task<byte[]?> ReadSignedAsync(HttpRequest http)
{
    using var stream = new MemoryStream();
    await http.Body.CopyToAsync(stream);
    var (id, time, body) = ($"{http.Headers["webhook-id"]}", $"{http.Headers["webhook-timestamp"]}", stream.ToArray());
    byte[] signed = [.. Encoding.UTF8.GetBytes($"{id}.{time}."), .. body];
    var expected = "v1," + Convert.ToBase64String(HMACSHA256.HashData(Convert.FromBase64String(settings["WebhookSecret"]!["whsec_".Length..]), signed));
    var isSigned = $"{http.Headers["webhook-signature"]}".Split(' ')
        .Any(given => CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(given), Encoding.ASCII.GetBytes(expected)));
    return isSigned && long.TryParse(time, out var seconds) && Math.Abs(DateTimeOffset.UtcNow.ToUnixTimeSeconds() - seconds) <= 300 ? body : null;
}

internal sealed record SignIn(string Name, string Password);

internal sealed record Question(string User, string? Topic);

internal sealed record Notice(string Text, string Id);
