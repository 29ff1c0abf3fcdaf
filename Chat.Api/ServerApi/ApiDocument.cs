using Chat.Api.Auth;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.OpenApi;
using Scalar.AspNetCore;

namespace Chat.Api.ServerApi;

/// <summary>In Development: the API's OpenAPI document, at <c>/openapi/v1.json</c>, and a page to try the API out, at <c>/scalar</c>.</summary>
internal static class ApiDocument
{
    private const string Name = "v1";
    private const string Key = "key";
    private const string Token = "token";

    public static void AddApiDocument(this IServiceCollection services) => services.AddOpenApi(Name, static openApi =>
    {
        openApi.ShouldInclude = static call => call.HttpMethod != HttpMethods.Head && call.RelativePath?.StartsWith(ServerApiBuilder.Path[1..], StringComparison.Ordinal) == true;
        openApi.AddDocumentTransformer(static (document, _, _) =>
        {
            document.Info = new OpenApiInfo { Title = "Chat: the server API", Version = Name, Description = "For backends. docs/API.md tells the whole of it." };
            document.Servers = []; // wherever the document comes from
            document.Components ??= new OpenApiComponents();
            document.Components.SecuritySchemes = new Dictionary<string, IOpenApiSecurityScheme>
            {
                [Key] = new OpenApiSecurityScheme { Type = SecuritySchemeType.ApiKey, In = ParameterLocation.Header, Name = ServiceScheme.Header },
                [Token] = new OpenApiSecurityScheme { Type = SecuritySchemeType.Http, Scheme = "bearer", BearerFormat = "JWT" },
            };
            document.Security = [Requires(Key, document), Requires(Token, document)]; // one or the other
            return Task.CompletedTask;
        });
    });

    public static void MapApiDocument(this WebApplication app)
    {
        if (app.Environment.IsDevelopment())
        {
            app.MapOpenApi();
            app.MapScalarApiReference();
        }
    }

    /// <summary>Declares the problems in which a call may end.</summary>
    public static TBuilder WithProblems<TBuilder>(this TBuilder calls, params int[] statuses)
        where TBuilder : IEndpointConventionBuilder
    {
        foreach (var status in statuses)
        {
            calls.WithMetadata(new ProducesResponseTypeMetadata(status, typeof(Microsoft.AspNetCore.Mvc.ProblemDetails), ["application/problem+json"]));
        }

        return calls;
    }

    /// <summary>Declares what a call takes and what it answers, for a call that reads its body itself.</summary>
    public static IEndpointConventionBuilder WithJson<TBody, TAnswer>(this IEndpointConventionBuilder call)
    {
        const string Json = "application/json";
        call.Add(static endpoint => endpoint.Metadata.Add(endpoint.RequestDelegate!.Method)); // without a method, the document would leave it out
        return call.WithMetadata(new AcceptsMetadata([Json], typeof(TBody)), new ProducesResponseTypeMetadata(StatusCodes.Status200OK, typeof(TAnswer), [Json]));
    }

    private static OpenApiSecurityRequirement Requires(string scheme, OpenApiDocument document) => new() { [new OpenApiSecuritySchemeReference(scheme, document)] = [] };
}
