// Header and footer of every page. A classic script in <head>: both elements are known before <body> is read, so they
// are there at the first paint and nothing moves afterwards.
(() => {
  const SHELVES = [['/running/', 'Running'], ['/hiking/', 'Hiking'], ['/guide/', 'Guide'], ['/search/', 'Search']];

  class ShopHeader extends HTMLElement {
    #count = make('span', { className: 'cart-count' });

    connectedCallback() {
      const nav = make('nav', {}, make('ul', {}, ...SHELVES.map(([path, name]) => make('li', {}, link(path, name)))));
      nav.setAttribute('aria-label', 'Shop');
      const cart = link('/cart/', 'Cart', this.#count);
      cart.className = 'cart-link';
      const home = link('/', picture('/img/mark.svg', 32), 'Lopenfell');
      home.className = 'wordmark';
      const bar = make('header', { className: 'site-header wrap' }, home, nav, cart);
      this.replaceChildren(bar);

      this.#recount();
      addEventListener('lopenfell:cart', this.#recount);
      addEventListener('storage', this.#recount);
      addEventListener('pageshow', this.#recount);
    }

    #recount = () => {
      const quantity = cartQuantity();
      this.#count.textContent = String(quantity);
      this.#count.hidden = quantity === 0;
    };
  }

  class ShopFooter extends HTMLElement {
    connectedCallback() {
      const about = make('p', {}, 'Lopenfell is an invented shop: nothing is sold, charged or sent. ');
      about.append(link('/about/', 'How this demo works'));
      const links = make('ul', {}, ...[['/guide/#delivery', 'Delivery and returns'], ['/guide/#fit', 'Find your size'], ['/guide/#care', 'Care and repair'], ['/guide/first-runs/#letter-place', 'Our letter'], ['/remembered/', 'What we remember']]
        .map(([path, name]) => make('li', {}, link(path, name))));
      const nav = make('nav', {}, links);
      nav.setAttribute('aria-label', 'Help');
      this.replaceChildren(make('footer', { className: 'site-footer' }, make('div', { className: 'wrap' }, nav, about)));
    }
  }

  function cartQuantity() {
    try {
      return JSON.parse(localStorage.getItem('lopenfell.cart') ?? '[]').reduce((sum, line) => sum + line.quantity, 0);
    } catch {
      return 0;
    }
  }

  function make(tag, properties, ...children) {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
  }

  function link(href, ...children) {
    const anchor = make('a', { href }, ...children);
    const { pathname } = location;
    if (href === pathname) anchor.setAttribute('aria-current', 'page');
    else if (href !== '/' && !href.includes('#') && pathname.startsWith(href)) anchor.setAttribute('aria-current', 'true');
    return anchor;
  }

  function picture(src, size) {
    return make('img', { src, alt: '', width: size, height: size });
  }

  customElements.define('shop-header', ShopHeader);
  customElements.define('shop-footer', ShopFooter);
})();
