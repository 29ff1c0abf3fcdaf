using System.Buffers;
using System.Text.Unicode;

namespace Chat.Api.ServerApi;

/// <summary>Finds what is wrong with a call's query.</summary>
internal static class ApiQuery
{
    private const string WhatItShouldBe = "A query is UTF-8, in which all but letters and digits is percent-encoded.";

    private const int LongestName = 20; // of the names that calls have, and of the names that are repeated to the caller

    /// <summary>Checks a query before anything reads it.</summary>
    /// <returns>Null if nothing is wrong.</returns>
    public static ApiProblem? Check(HttpRequest request)
    {
        if (request.QueryString.Value is not { Length: > 0 } query)
        {
            return null;
        }

        if (!IsText(query))
        {
            return ApiProblem.InvalidQuery(WhatItShouldBe);
        }

        // Two values would be read as one value with a comma in between, which may be a valid name.
        foreach (var (name, values) in request.Query)
        {
            if (values.Count > 1)
            {
                return ApiProblem.InvalidQuery(name.Length <= LongestName ? $"The query parameter '{name}' is given twice." : "A query parameter is given twice.");
            }
        }

        return null;
    }

    /// <summary>Names the problem when the framework could not make of the query what the call takes.</summary>
    /// <remarks>The exception's message names types of this program: <c>Required parameter "string topic" was not provided from query
    /// string.</c></remarks>
    public static ApiProblem Of(BadHttpRequestException exception)
    {
        var (quoted, isMissing) = (exception.Message.Split('"'), exception.Message.StartsWith("Required parameter", StringComparison.Ordinal));
        return ApiProblem.InvalidQuery(quoted is not [_, var parameter, ..] ? "A query parameter is missing, or not of the right kind."
            : $"The query parameter '{parameter[(parameter.LastIndexOf(' ') + 1)..]}' is {(isMissing ? "missing" : "not of the right kind")}.");
    }

    // The framework keeps text that cannot be decoded as it is: %ff stays three characters, which may be a valid name.
    private static bool IsText(string query)
    {
        if (!query.Contains('%', StringComparison.Ordinal))
        {
            return true;
        }

        var bytes = ArrayPool<byte>.Shared.Rent(query.Length);
        try
        {
            var length = 0;
            for (var i = 0; i < query.Length; i++)
            {
                if (query[i] != '%')
                {
                    bytes[length++] = query[i] < 0x80 ? (byte)query[i] : (byte)'?'; // a character that the server has decoded, so it is valid
                }
                else if (i + 2 >= query.Length || Convert.FromHexString(query.AsSpan(i + 1, 2), bytes.AsSpan(length++, 1), out _, out _) != OperationStatus.Done)
                {
                    return false;
                }
                else
                {
                    i += 2;
                }
            }

            return Utf8.IsValid(bytes.AsSpan(0, length));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(bytes);
        }
    }
}
