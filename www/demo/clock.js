// Demo only: moves the clock. It is the first script of every page, so the shop and Maitre see the same moved time.
(() => {
  let ahead = 0;
  try {
    ahead = Number(localStorage.getItem('lopenfell.demo.clock')) || 0;
  } catch {
    // Storage is blocked: the clock stays where it is.
  }
  if (ahead <= 0) return;
  const now = Date.now.bind(Date);
  Date.now = () => now() + ahead;
})();
