using System.Collections.Concurrent;
using Microsoft.Playwright;

namespace Chat.Tests.Web;

/// <summary>One headless browser for all tests, driven by Playwright. The driver is in Playwright's package, the browser is the system's, and nothing
/// is downloaded.</summary>
internal static class Browser
{
    // Otherwise each window would have two more pages, in a separate process, for the suggestions of its address bar, and each address would have a
    // spare process for the next one: three fifths of all CPU that chromium takes, and nobody sees them.
    private const string Unseen = "WebUIOmniboxPopup,WebUIOmniboxAimPopup,SpareRendererForSitePerProcess";

    // If chromium gets two lists, the last one counts, so ours repeats Playwright's.
    private const string Playwrights = "AvoidUnnecessaryBeforeUnloadCheckSync,DestroyProfileOnBrowserClose,DialMediaRouteProvider,GlobalMediaControls,HttpsUpgrades,"
        + "LensOverlay,MediaRouter,PaintHolding,ThirdPartyStoragePartitioning,BlockOriginHeaderModificationOnRedirect,AvoidCorsURLLoaderRestartOnRedirect,Translate,"
        + "AutoDeElevate,OptimizationHints,NetworkTimeServiceQuerying,AimEnabled";

    private static readonly Lazy<Task<IBrowser>> Shared = new(StartAsync);

    /// <summary>A separate browser as far as pages can tell: it shares neither cookies nor storage with others.</summary>
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
            // Without its sandbox, which is not available as root or in most containers. The browser shows our own pages only.
            Args = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--font-render-hinting=none", $"--disable-features={Playwrights},{Unseen}"],
        });
        // The browser would end with this process anyway. Closing it also removes its files.
        AppDomain.CurrentDomain.ProcessExit += (_, _) => browser.CloseAsync().Wait(TimeSpan.FromSeconds(5));
        return browser;
    }
}

/// <summary>A browser with its own cookies and storage and any number of tabs, of which the one opened last is in front. A tab behind it draws once a
/// second, so a click there takes seconds.</summary>
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
