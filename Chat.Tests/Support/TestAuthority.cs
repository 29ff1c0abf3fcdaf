using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Chat.Tests.Support;

/// <summary>A test's own certificate authority, like that of a company.</summary>
internal sealed class TestAuthority : IDisposable
{
    private readonly RSA _key = TestKeys.Get(0);
    private readonly X509Certificate2 _root;
    private readonly string _file = Path.GetTempFileName();

    public TestAuthority()
    {
        var request = new CertificateRequest("CN=Chat test authority", _key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        _root = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        File.WriteAllText(_file, _root.ExportCertificatePem());
    }

    /// <summary>The setting that makes a process trust it: the place where OpenSSL, and so .NET on Linux, looks for the machine's authorities.</summary>
    public (string Key, string Value) Trust => ("SSL_CERT_FILE", _file);

    /// <summary>A server's certificate for a host name.</summary>
    public X509Certificate2 Issue(string host)
    {
        using var key = TestKeys.Get(1);
        var request = new CertificateRequest($"CN={host}", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(host);
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        using var issued = request.Create(_root, DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddHours(12), [1, 2, 3, 4]);
        using var whole = issued.CopyWithPrivateKey(key);
        return X509CertificateLoader.LoadPkcs12(whole.Export(X509ContentType.Pkcs12), null);
    }

    public void Dispose()
    {
        File.Delete(_file);
        _root.Dispose();
        _key.Dispose();
    }
}
