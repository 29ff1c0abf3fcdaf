using Xunit;
using YamlDotNet.RepresentationModel;

namespace Chat.Tests.Deploying;

/// <summary>The files that accompany the published output for Kubernetes have the kinds and the fields that its API knows.</summary>
public sealed class KubernetesFileTests
{
    [Fact]
    public void DisruptionBudgets_LetOnePodGoAtATime()
    {
        var budgets = YamlFile.Documents("deploy/kubernetes/disruption.yaml");

        Assert.Equal(["chat-api", "edge"], budgets.Select(budget => budget.Text("metadata.name")));
        Assert.All(budgets, budget =>
        {
            Assert.Equal(("policy/v1", "PodDisruptionBudget", "1"), (budget.Text("apiVersion"), budget.Text("kind"), budget.Text("spec.maxUnavailable")));
            Assert.Equal(["apiVersion", "kind", "metadata", "spec"], budget.Keys());
            Assert.Equal(["maxUnavailable", "selector"], budget.At("spec")!.Keys());
            Assert.Equal(budget.Text("metadata.name"), Component(budget));
        });
    }

    [Fact]
    public void Autoscaler_FollowsConnections()
    {
        var scaler = Assert.Single(YamlFile.Documents("deploy/kubernetes/autoscaling.yaml"));

        Assert.Equal(("autoscaling/v2", "HorizontalPodAutoscaler"), (scaler.Text("apiVersion"), scaler.Text("kind")));
        Assert.Equal(["apiVersion", "kind", "metadata", "spec"], scaler.Keys());
        Assert.Equal(["scaleTargetRef", "minReplicas", "maxReplicas", "metrics", "behavior"], scaler.At("spec")!.Keys());
        Assert.Equal(("apps/v1", "Deployment", "chat-api-deployment"), (scaler.Text("spec.scaleTargetRef.apiVersion"), scaler.Text("spec.scaleTargetRef.kind"), scaler.Text("spec.scaleTargetRef.name")));
        Assert.Equal(("External", "AverageValue", "20000"), (scaler.Text("spec.metrics.0.type"), scaler.Text("spec.metrics.0.external.target.type"), scaler.Text("spec.metrics.0.external.target.averageValue")));
        Assert.Equal(("Resource", "cpu", "Utilization"), (scaler.Text("spec.metrics.1.type"), scaler.Text("spec.metrics.1.resource.name"), scaler.Text("spec.metrics.1.resource.target.type")));
        foreach (var direction in new[] { "scaleUp", "scaleDown" })
        {
            var behavior = scaler.At($"spec.behavior.{direction}")!;
            Assert.Equal(["stabilizationWindowSeconds", "policies"], behavior.Keys());
            Assert.Equal(["type", "value", "periodSeconds"], behavior.At("policies.0")!.Keys());
        }
    }

    // Selects by the label, whose key itself contains dots.
    private static string? Component(YamlNode budget)
    {
        var labels = (YamlMappingNode)budget.At("spec.selector.matchLabels")!;
        return Assert.Single(labels.Children) is var (key, value) && key.ToString() == "app.kubernetes.io/component" ? value.ToString() : null;
    }
}
