using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting;

/// <summary>Where a project of this solution is; one class per project is generated under <c>Projects</c>.</summary>
public interface IProjectMetadata : IResourceAnnotation
{
    /// <summary>The project file.</summary>
    string ProjectPath { get; }

    /// <summary>The output of its build. Not part of the real interface, because the real package builds at the start.</summary>
    string TargetPath { get; }
}

/// <summary>The application cannot be put together or started, for a reason that its author can fix.</summary>
public class DistributedApplicationException(string message, Exception? innerException = null) : Exception(message, innerException);
