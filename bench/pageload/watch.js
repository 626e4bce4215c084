// Runs first on every page of the benchmark, the same on all: when each placement shows an offer, and what the browser says of painting, shifts, long
// tasks and bytes. When all is quiet, it is reported to the server.
(expected, idle) => {
  const seen = { path: location.pathname, placed: {}, changed: 0, shift: 0, tasks: [], problems: [] };
  const titles = (seen.titles = {});
  let loaded = false;
  let timer;
  const quiet = () => {
    clearTimeout(timer);
    if (loaded && Object.keys(titles).length >= expected) timer = setTimeout(tell, idle);
  };
  const look = () => {
    for (const title of document.querySelectorAll('[data-placement] .deal-title')) {
      const { placement } = title.closest('[data-placement]').dataset;
      // Only what can be seen: not what waits behind a fallback.
      if (titles[placement] === title.textContent || !title.checkVisibility({ visibilityProperty: true, opacityProperty: true })) continue;
      if (titles[placement]) seen.changed += 1;
      else seen.placed[placement] = performance.now();
      titles[placement] = title.textContent;
      quiet();
    }
  };
  new MutationObserver(look).observe(document, { childList: true, subtree: true, attributes: true });
  addEventListener('load', () => {
    loaded = true;
    quiet();
  });
  addEventListener('error', ({ message }) => seen.problems.push(message));
  for (const level of ['warn', 'error']) {
    const own = console[level];
    console[level] = (...words) => {
      seen.problems.push(words.join(' '));
      own.apply(console, words);
    };
  }
  const observers = [];
  const follow = (type, take) => {
    const observer = new PerformanceObserver((list) => list.getEntries().forEach(take));
    observer.observe({ type, buffered: true });
    observers.push([observer, take]);
  };
  follow('paint', ({ name, startTime }) => (seen[name] = startTime));
  follow('largest-contentful-paint', ({ startTime }) => (seen.largest = startTime));
  follow('layout-shift', ({ value, hadRecentInput }) => (seen.shift += hadRecentInput ? 0 : value));
  follow('longtask', ({ duration }) => seen.tasks.push(duration));

  const tell = () => {
    for (const [observer, take] of observers) observer.takeRecords().forEach(take);
    const [page] = performance.getEntriesByType('navigation');
    seen.parsed = page.domContentLoadedEventStart;
    seen.files = [page, ...performance.getEntriesByType('resource')].map((entry) => ({
      path: new URL(entry.name).pathname,
      // What came over the wire, without headers; nothing did if it was in the cache.
      bytes: entry.transferSize ? entry.encodedBodySize : 0,
      asked: entry.startTime,
      begun: entry.responseStart,
      ended: entry.responseEnd,
    }));
    const link = document.getElementById('next').getBoundingClientRect();
    seen.next = { x: link.x + link.width / 2, y: link.y + link.height / 2 };
    seen.steps = window.steps;
    fetch('/seen', { method: 'POST', body: JSON.stringify(seen) });
  };
};
