// The shop itself: lists, product, cart, checkout and thank-you page, and the e-commerce events GA4's documentation asks
// any shop to push. It knows nothing of Maitre, which only listens to those events, and sees searches, downloads and forms itself.
import { catalog, money } from './catalog.js';
import { asItem, change, deliveryCost, lastOrder, lines, placeOrder, push, pushList, reportOrder, tellLayer, total } from './cart.js';
import { el } from './dom.js';

const results = document.querySelector('#results');
if (results) showResults(results);
for (const list of document.querySelectorAll('[data-list]')) showList(list);
const add = document.querySelector('form[data-add]');
if (add) showProduct(add);
const cart = document.querySelector('#cart');
if (cart) showCart(cart);
const checkout = document.querySelector('form#checkout');
if (checkout) showCheckout(checkout);
const order = document.querySelector('#order');
if (order) showOrder(order);
const letter = document.querySelector('form#letter');
if (letter) showLetter(letter);
const share = document.querySelector('#share');
if (share) showShare(share);

function showList(list) {
  const naming = { item_list_id: list.dataset.list, item_list_name: list.dataset.listName };
  const cards = [...list.querySelectorAll('[data-item]')];
  const items = cards.map((card, index) => ({ ...catalog.get(card.dataset.item).item, ...naming, index, quantity: 1 }));
  pushList('view_item_list', items, naming);
  list.addEventListener('click', ({ target }) => {
    const card = target.closest('a') && target.closest('[data-item]');
    if (card) pushList('select_item', [items[cards.indexOf(card)]], naming);
  });
}

function showResults(place) {
  const query = (new URLSearchParams(location.search).get('q') ?? '').trim();
  if (!query) return listAll(place, [...catalog.values()]);
  document.querySelector('#q').value = query;
  const found = [...catalog.values()].filter(({ item, what }) =>
    [item.item_name, item.item_brand, item.item_category, item.item_category2, what].join(' ').toLowerCase().includes(query.toLowerCase()));
  place.querySelector('h2').textContent = found.length === 0 ? `Nothing is called “${query}”` : `${found.length} of ${catalog.size} for “${query}”`;
  listAll(place, found);
}

function listAll(place, found) {
  const list = place.querySelector('ul');
  list.replaceChildren(...found.map(({ item, page, image, what }) => el('li', { className: 'product', dataset: { item: item.item_id } },
    el('img', { src: image, alt: '', width: 800, height: 640 }),
    el('h3', {}, el('a', { href: page }, item.item_name)), el('p', {}, what), el('p', { className: 'price' }, money(item.price)))));
  if (found.length > 0) Object.assign(list.dataset, { list: 'search', listName: 'Search' });
}

function showProduct(form) {
  const id = form.dataset.add;
  const { item } = catalog.get(id);
  push('view_item', [{ ...item, quantity: 1 }]);
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    change(id, form.elements.size?.value ?? '', 1);
    form.querySelector('[role=status]').replaceChildren(`${item.item_name} is in your cart. `, el('a', { href: '/cart/' }, 'See the cart'));
  });
}

function showCart(place) {
  const status = document.querySelector('#cart-status');
  if (lines().length > 0) push('view_cart', lines().map(asItem));
  render();
  addEventListener('storage', render);

  function render() {
    const content = lines();
    if (content.length === 0) {
      place.replaceChildren(empty());
      return;
    }
    const items = content.map(asItem);
    place.replaceChildren(
      el('ul', { className: 'cart-lines' }, ...content.map(row)),
      el('div', { className: 'cart-sum panel' }, ...sums(items), el('a', { className: 'button', href: '/checkout/' }, 'Check out')),
    );
  }

  function row(line) {
    const { item, page, image } = catalog.get(line.id);
    const quantity = el('select', { 'aria-label': `Quantity of ${item.item_name}` });
    for (let n = 1; n <= Math.max(6, line.quantity); n += 1) quantity.append(new Option(n, n, false, n === line.quantity));
    quantity.addEventListener('change', () => {
      update(line, Number(quantity.value) - line.quantity, `${item.item_name}: ${quantity.value}.`);
      place.querySelector(`[data-line="${CSS.escape(line.id + line.size)}"] select`)?.focus();
    });
    const remove = el('button', { type: 'button', className: 'plain', 'aria-label': `Remove ${item.item_name}` }, 'Remove');
    remove.addEventListener('click', () => {
      update(line, -line.quantity, `${item.item_name} removed.`);
      document.querySelector('h1').focus();
    });
    return el('li', { dataset: { line: line.id + line.size } },
      el('img', { src: image, alt: '', width: 120, height: 96 }),
      el('div', {}, el('a', { href: page }, item.item_name), el('p', { className: 'muted' }, [item.item_brand, line.size].filter(Boolean).join(', '))),
      el('p', { className: 'price' }, money(item.price * line.quantity)),
      el('div', { className: 'cart-change' }, quantity, remove));
  }

  function update(line, by, said) {
    change(line.id, line.size, by);
    render();
    status.textContent = said;
  }
}

function showCheckout(form) {
  const content = lines();
  const summary = document.querySelector('#summary');
  if (content.length === 0) {
    form.replaceChildren(empty());
    return;
  }
  const items = content.map(asItem);
  push('begin_checkout', items);
  const show = () => summary.replaceChildren(itemList(items), ...sums(items, form.elements.delivery.value));
  show();
  form.addEventListener('change', show);
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    placeOrder(form.elements.delivery.value);
    location.assign('/thanks/');
  });
}

function showOrder(place) {
  const order = lastOrder();
  if (!order) {
    document.querySelector('h1').textContent = 'Nothing ordered yet';
    place.replaceChildren(el('p', {}, 'Once you place an order, it is confirmed here.'), el('p', {}, el('a', { className: 'button', href: '/' }, 'To the shop')));
    return;
  }
  reportOrder(order);
  place.replaceChildren(
    el('h2', {}, `Order ${order.transaction_id}`), itemList(order.items),
    ...sumRows(order.value, order.shipping), el('p', { className: 'muted' }, 'This is a demo: nothing is charged and nothing is sent.'));
}

function showLetter(form) {
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    form.reset();
    form.querySelector('[role=status]').textContent = 'Thank you. In a real shop the next letter would be yours.';
  });
}

function showShare(button) {
  const said = document.querySelector('#shared');
  button.addEventListener('click', async () => {
    const url = location.origin + location.pathname;
    try {
      if (navigator.share) await navigator.share({ title: document.title, url });
      else await navigator.clipboard.writeText(url);
    } catch (error) {
      // Whoever closes the system's own dialog has not shared anything.
      if (error.name !== 'AbortError') said.textContent = `Copy it from here: ${url}`;
      return;
    }
    said.textContent = navigator.share ? 'Thank you.' : 'The address is copied. Thank you.';
    tellLayer('share', { method: navigator.share ? 'system' : 'copy', content_type: 'article', item_id: location.pathname });
  });
}

function itemList(items) {
  return el('ul', { className: 'item-list' }, ...items.map((item) => el('li', {},
    el('span', {}, `${item.quantity} × ${item.item_name}`, el('span', { className: 'muted' }, item.item_variant ? ` ${item.item_variant}` : '')),
    el('span', {}, money(item.price * item.quantity)))));
}

function sums(items, way) {
  const subtotal = total(items);
  return sumRows(subtotal, deliveryCost(subtotal, way));
}

function sumRows(subtotal, shipping) {
  return [el('dl', { className: 'sums' },
    ...[['Goods', money(subtotal)], ['Delivery', shipping ? money(shipping) : 'free'], ['Total', money(subtotal + shipping)]]
      .map(([name, amount]) => el('div', {}, el('dt', {}, name), el('dd', {}, amount))))];
}

function empty() {
  return el('div', { className: 'empty panel' },
    el('p', {}, 'Your cart is empty.'),
    el('p', { className: 'actions' }, el('a', { className: 'button', href: '/running/' }, 'Running'), el('a', { className: 'button quiet', href: '/hiking/' }, 'Hiking')));
}
