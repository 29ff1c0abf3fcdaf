using System.Collections.Concurrent;
using Microsoft.Playwright;

namespace Chat.Tests.Web;

/// <summary>One headless browser for all tests, driven by Playwright. Its driver is in its package; the browser is the system's, and nothing is
/// downloaded.</summary>
internal static class Browser
{
    // Each window would have two pages more, in a process of their own, for what its address bar shows while somebody types there, and each address a
    // spare process for the next: three fifths of all that chromium takes of a processor, and nobody sees them.
    private const string Unseen = "WebUIOmniboxPopup,WebUIOmniboxAimPopup,SpareRendererForSitePerProcess";

    // Of two lists chromium obeys the last, so ours repeats Playwright's own.
    private const string Playwrights = "AvoidUnnecessaryBeforeUnloadCheckSync,DestroyProfileOnBrowserClose,DialMediaRouteProvider,GlobalMediaControls,HttpsUpgrades,"
        + "LensOverlay,MediaRouter,PaintHolding,ThirdPartyStoragePartitioning,BlockOriginHeaderModificationOnRedirect,AvoidCorsURLLoaderRestartOnRedirect,Translate,"
        + "AutoDeElevate,OptimizationHints,NetworkTimeServiceQuerying,AimEnabled";

    private static readonly Lazy<Task<IBrowser>> Shared = new(StartAsync);

    /// <summary>A browser of its own, as far as pages can tell: it shares neither cookies nor storage with others.</summary>
    public static async Task<Device> NewDeviceAsync(Uri address, BrowserNewContextOptions? options = null)
    {
        options ??= new BrowserNewContextOptions();
        options.BaseURL = address.ToString();
        var device = new Device(await (await Shared.Value).NewContextAsync(options));
        device.Context.SetDefaultTimeout((float)Support.ChatClient.Deadline.TotalMilliseconds);
        return device;
    }

    private static async Task<IBrowser> StartAsync()
    {
        Assertions.SetDefaultExpectTimeout((float)Support.ChatClient.Deadline.TotalMilliseconds);
        var playwright = await Playwright.CreateAsync();
        var browser = await playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions
        {
            ExecutablePath = Chromium.Program ?? throw new InvalidOperationException(Chromium.WhyNot),
            // Without its sandbox, which is not to be had as root or in most containers; it shows our own pages only.
            Args = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--font-render-hinting=none", $"--disable-features={Playwrights},{Unseen}"],
        });
        // It would end with this process anyway; so it also clears up what it has written.
        AppDomain.CurrentDomain.ProcessExit += (_, _) => browser.CloseAsync().Wait(TimeSpan.FromSeconds(5));
        return browser;
    }
}

/// <summary>A browser with its own cookies and storage, and any number of tabs, of which the last that was opened is in front. One behind it draws
/// once a second, so that a click there takes seconds.</summary>
internal sealed class Device : IAsyncDisposable
{
    private readonly ConcurrentQueue<string> _problems = [];

    public Device(IBrowserContext context)
    {
        Context = context;
        context.WebError += (_, error) => _problems.Enqueue(error.Error);
        context.Console += (_, message) =>
        {
            if (message.Type is "error")
            {
                _problems.Enqueue($"{message.Text} ({message.Location})");
            }
        };
    }

    public IBrowserContext Context { get; }

    /// <summary>Uncaught exceptions, and errors in the console, of all tabs.</summary>
    public IReadOnlyCollection<string> Problems => _problems;

    public ValueTask DisposeAsync() => Context.DisposeAsync();
}
