// Visits to the pages, by someone with nothing stored or cached, slowed down as a phone on its network is. What a page view came to is what the page
// itself reports when all is quiet (watch.js).

/** As developer tools have them, latency being from a request to its answer. */
export const NETWORKS = {
  slow: { title: 'slow 4G (150 ms, 1.6 Mbit/s)', latency: 150, megabits: 1.6 },
  fast: { title: 'fast 4G (60 ms, 9 Mbit/s)', latency: 60, megabits: 9 },
};
/** How many times slower than this machine. */
export const CPU = 4;
const PHONE = { width: 390, height: 844, deviceScaleFactor: 2, mobile: true };
const DESKTOP = { width: 1280, height: 900, deviceScaleFactor: 1, mobile: false };
const PATIENCE = 20_000;

/** A visitor to the site that `server` serves. `before` is run in each page before all else. */
export async function visitor(browser, server, { device = 'phone', before } = {}) {
  const { browserContextId } = await browser.send('Target.createBrowserContext');
  const { targetId } = await browser.send('Target.createTarget', { url: 'about:blank', browserContextId });
  const { sessionId } = await browser.send('Target.attachToTarget', { targetId, flatten: true });
  const send = (method, params) => browser.send(method, params, sessionId);
  await send('Emulation.setDeviceMetricsOverride', device === 'phone' ? PHONE : DESKTOP);
  await send('Page.enable');
  if (device === 'phone') await send('Emulation.setTouchEmulationEnabled', { enabled: true, maxTouchPoints: 5 });
  if (before) await send('Page.addScriptToEvaluateOnNewDocument', { source: before });

  /** Does something that leads to `path`; resolves with what that page reports. */
  const view = async (path, act) => {
    let timer;
    const late = new Promise((_, reject) => (timer = setTimeout(() => reject(new Error(`${path} reports nothing for ${PATIENCE / 1000} s`)), PATIENCE)));
    const reported = server.reported();
    await act();
    const seen = await Promise.race([reported, late]).finally(() => clearTimeout(timer));
    if (seen.path !== path) throw new Error(`${seen.path} was seen, not ${path}`);
    if (seen.problems.length) throw new Error(`${path}: ${seen.problems.join('\n')}`);
    return seen;
  };

  return {
    send,
    sessionId,
    open: (path) => view(path, () => send('Page.navigate', { url: server.url + path })),
    /** By a finger on the link that is there. */
    tap: (path, { x, y }) =>
      view(path, async () => {
        await send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints: [{ x, y }] });
        await send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] });
      }),
    async slow(network) {
      const { latency, megabits } = NETWORKS[network];
      const downloadThroughput = (megabits * 1_000_000) / 8;
      // What scripts and pictures ask for is slowed down only where the log is on, too.
      await send('Network.enable', { maxTotalBufferSize: 0, maxResourceBufferSize: 0 });
      await send('Network.emulateNetworkConditions', { offline: false, latency, downloadThroughput, uploadThroughput: downloadThroughput / 2 });
      await send('Emulation.setCPUThrottlingRate', { rate: CPU });
    },
    /** Its clock goes on by so many ms, from the next page on. */
    pass: (ms) => send('Page.addScriptToEvaluateOnNewDocument', { source: `{ const real = Date.now; Date.now = () => real() + ${ms}; }` }),
    close: () => browser.send('Target.disposeBrowserContext', { browserContextId }),
  };
}
