using Chat.Tests.Documents;
using Xunit;
using YamlDotNet.RepresentationModel;

namespace Chat.Tests.Deploying;

/// <summary>A file of <c>deploy/</c>, parsed as strictly as its reader does: a duplicate key is an error.</summary>
internal static class YamlFile
{
    public static IReadOnlyList<YamlMappingNode> Documents(string path)
    {
        var stream = new YamlStream();
        stream.Load(new StringReader(Repository.Read(path)));
        return [.. stream.Documents.Select(document => Assert.IsType<YamlMappingNode>(document.RootNode))];
    }

    /// <summary>The node at a path such as <c>spec.metrics.0.type</c>, or null.</summary>
    public static YamlNode? At(this YamlNode node, string path) => path.Split('.').Aggregate<string, YamlNode?>(node, (at, step) => at switch
    {
        YamlMappingNode map => map.Children.TryGetValue(new YamlScalarNode(step), out var value) ? value : null,
        YamlSequenceNode list => list.Children[int.Parse(step, System.Globalization.CultureInfo.InvariantCulture)],
        _ => null,
    });

    public static string? Text(this YamlNode node, string path) => (node.At(path) as YamlScalarNode)?.Value;

    public static string[] Keys(this YamlNode node) => [.. ((YamlMappingNode)node).Children.Keys.Select(key => ((YamlScalarNode)key).Value!)];
}
