using System.Net;
using System.Text.Json;
using Xunit;
using Xunit.Abstractions;

namespace Chat.Tests.ServerApi;

/// <summary>The API describes itself.</summary>
public sealed class DocumentTests(ApiNodes nodes, ITestOutputHelper output) : ApiTest(nodes, output)
{
    [Fact]
    public async Task Document_HasEveryCall_WithWhatItTakesAndAnswers()
    {
        using var document = JsonDocument.Parse(await Nodes.Developed.Http.GetStringAsync("openapi/v1.json"));
        var paths = document.RootElement.GetProperty("paths");
        Assert.Equal(ApiEndpoints.All.Select(endpoint => endpoint.RoutePattern.RawText).Order(), paths.EnumerateObject().Select(path => path.Name).Order());
        foreach (var call in paths.EnumerateObject().SelectMany(path => path.Value.EnumerateObject()))
        {
            Assert.NotEmpty(call.Value.GetProperty("summary").GetString()!);
            HasProperties(document, call.Value.GetProperty("responses").GetProperty("200").GetProperty("content").GetProperty("application/json"));
            foreach (var status in (string[])["401", "403", "429", "503"])
            {
                HasProperties(document, call.Value.GetProperty("responses").GetProperty(status).GetProperty("content").GetProperty("application/problem+json"));
            }

            if (call.Name == "post")
            {
                HasProperties(document, call.Value.GetProperty("requestBody").GetProperty("content").GetProperty("application/json"));
            }
        }
    }

    [Fact]
    public async Task Document_NamesBothWaysToBeLetIn()
    {
        using var document = JsonDocument.Parse(await Nodes.Developed.Http.GetStringAsync("openapi/v1.json"));

        var schemes = document.RootElement.GetProperty("components").GetProperty("securitySchemes");
        Assert.Equal("X-Api-Key", schemes.GetProperty("key").GetProperty("name").GetString());
        Assert.Equal("bearer", schemes.GetProperty("token").GetProperty("scheme").GetString());
        Assert.Equal(2, document.RootElement.GetProperty("security").GetArrayLength());
    }

    [Fact]
    public async Task Page_IsThereInDevelopmentOnly()
    {
        foreach (var path in (string[])["openapi/v1.json", "scalar/"])
        {
            using var developed = await Nodes.Developed.Http.GetAsync(path);
            using var deployed = await Nodes.Deployed.Http.GetAsync(path);
            Assert.Equal((HttpStatusCode.OK, HttpStatusCode.NotFound), (developed.StatusCode, deployed.StatusCode));
        }
    }

    private static void HasProperties(JsonDocument document, JsonElement content)
    {
        const string Schemas = "#/components/schemas/";
        var reference = content.GetProperty("schema").GetProperty("$ref").GetString()!;
        Assert.StartsWith(Schemas, reference, StringComparison.Ordinal);
        var schema = document.RootElement.GetProperty("components").GetProperty("schemas").GetProperty(reference[Schemas.Length..]);
        Assert.NotEmpty(schema.GetProperty("properties").EnumerateObject());
    }
}
