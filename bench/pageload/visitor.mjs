// What the peers' pages know of their visitor. Maitre finds this out by itself; a site with a peer writes it.

const TIMEOUT = 30 * 60_000;

/** This visit: its number, and whether it begins with this page. */
export function visit(now = Date.now()) {
  const { number = 0, last = -Infinity } = JSON.parse(localStorage.getItem('visit') ?? '{}');
  const isNew = now - last >= TIMEOUT;
  const visit = { number: isNew ? number + 1 : number, last: now };
  localStorage.setItem('visit', JSON.stringify(visit));
  return { number: visit.number, isNew };
}

export const device = () =>
  !matchMedia('(pointer: coarse)').matches ? 'desktop' : Math.min(screen.width, screen.height) < 600 ? 'phone' : 'tablet';

/** Of the page and of the visitor, as text. */
export const attributes = () => ({ path: location.pathname, category: document.body.dataset.category, device: device(), ...window.visitor });

/** Puts an offer into a placement, instead of the fallback. */
export function fill(placement, content) {
  const element = document.querySelector(`[data-placement="${placement}"]`);
  const copy = document.importNode(document.getElementById('deal').content, true);
  for (const part of copy.querySelectorAll('[data-field]')) {
    const [first, second = first] = part.dataset.field.split(' ');
    if (!content[first]) part.remove();
    else if (part.localName === 'img') part.src = content.image;
    else {
      if (first === 'link') part.href = content.link;
      part.textContent = content[second];
    }
  }
  element.replaceChildren(copy);
}
