using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http.Metadata;

namespace Chat.Api.ServerApi;

/// <summary>The answer to a call that was done: 200 and JSON.</summary>
/// <remarks>It is written with its length, hence in one system call. The framework's own result does not know the length, and so sends an end after
/// the answer, which costs as much again as the answer.</remarks>
/// <param name="Value">The value to be written as JSON.</param>
internal sealed record Answer<T>(T Value) : IResult, IEndpointMetadataProvider
{
    private const string Json = "application/json";

    private static readonly JsonTypeInfo<T> Type = (JsonTypeInfo<T>)ApiJson.Strict.Options.GetTypeInfo(typeof(T));

    public static void PopulateMetadata(MethodInfo method, EndpointBuilder builder) =>
        builder.Metadata.Add(new ProducesResponseTypeMetadata(StatusCodes.Status200OK, typeof(T), [Json]));

    public Task ExecuteAsync(HttpContext httpContext)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(Value, Type);
        var response = httpContext.Response;
        response.ContentType = Json + "; charset=utf-8";
        response.ContentLength = body.Length;
        return response.BodyWriter.WriteAsync(body).AsTask();
    }
}

/// <summary>Saves callers from naming the type.</summary>
internal static class Answer
{
    public static Answer<T> Of<T>(T value) => new(value);
}
