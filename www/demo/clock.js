// Demo only: moves the clock. It is the first script of every page, so the shop and Maitre see the same moved time.
(() => {
  const KEY = 'lopenfell.demo.clock';
  let ahead = 0;
  try {
    const hour = new Date().getHours();
    // At night the shop keeps quiet, and there would be little to see: then the demo begins in the morning.
    if (localStorage.getItem(KEY) === null && (hour >= 22 || hour < 8)) {
      localStorage.setItem(KEY, String(((34 - hour) % 24) * 3_600_000));
    }
    ahead = Number(localStorage.getItem(KEY)) || 0;
  } catch {
    // Storage is blocked: the clock stays where it is.
  }
  if (ahead <= 0) return;
  const now = Date.now.bind(Date);
  Date.now = () => now() + ahead;
})();
