using System.Diagnostics;

namespace Chat.Tests.Support;

/// <summary>Runs a test many times with random input, which differs in every run. A failure names the seed that reproduces it.</summary>
internal static class Fuzz
{
    /// <param name="times">How often the test runs.</param>
    /// <param name="test">The test.</param>
    /// <param name="seed">The seed from a failure, to run that one case again.</param>
    public static void Run(int times, Action<Random> test, int? seed = null)
    {
        var first = seed ?? Random.Shared.Next();
        for (var i = 0; i < (seed is null ? times : 1); i++)
        {
            try
            {
                test(new Random(first + i));
            }
            catch (Exception exception) when (!Debugger.IsAttached)
            {
                throw new InvalidOperationException($"Failed with seed {first + i}: {exception.Message}", exception);
            }
        }
    }

    public static byte[] Bytes(this Random random, int maxLength)
    {
        var bytes = new byte[random.Next(maxLength + 1)];
        random.NextBytes(bytes);
        return bytes;
    }

    /// <summary>A text with some of everything that causes trouble: control characters, quotes, escapes, all planes, and lone surrogates if asked for.</summary>
    public static string Text(this Random random, int maxLength, bool surrogates = false)
    {
        var text = new System.Text.StringBuilder();
        for (var length = random.Next(maxLength + 1); text.Length < length;)
        {
            _ = random.Next(surrogates ? 7 : 6) switch
            {
                0 => text.Append((char)random.Next(0x20)),
                1 => text.Append("\"\\/bfnrtu{}:,'"[random.Next(14)]),
                2 => text.Append((char)random.Next(0x80, 0x800)),
                3 => text.Append((char)random.Next(0x800, 0xD800)),
                4 => text.Append(char.ConvertFromUtf32(random.Next(0x10000, 0x110000))),
                5 => text.Append((char)random.Next(0x20, 0x7F)),
                _ => text.Append((char)random.Next(0xD800, 0xE000)),
            };
        }

        return text.ToString();
    }

    /// <summary>Changes, removes, duplicates or adds a few bytes.</summary>
    public static byte[] Mutate(this Random random, byte[] bytes)
    {
        var mutated = bytes.ToList();
        for (var times = random.Next(1, 4); times > 0 && mutated.Count > 0; times--)
        {
            var at = random.Next(mutated.Count);
            switch (random.Next(4))
            {
                case 0:
                    mutated[at] = (byte)random.Next(256);
                    break;
                case 1:
                    mutated.RemoveAt(at);
                    break;
                case 2:
                    mutated.InsertRange(at, mutated.Skip(at).Take(random.Next(1, 9)).ToArray());
                    break;
                default:
                    mutated.Insert(at, (byte)random.Next(256));
                    break;
            }
        }

        return [.. mutated];
    }
}
