// The cart and the last order, in the shop's own storage. Nothing here knows of Maitre.
import { CURRENCY, catalog } from './catalog.js';

const CART = 'lopenfell.cart';
const ORDER = 'lopenfell.order';
const FREE_FROM = 60;
const DELIVERY = 4.9;

/** @returns {{ id: string, size: string, quantity: number }[]} */
export function lines() {
  const kept = read(CART, []);
  return Array.isArray(kept) ? kept.filter((line) => catalog.has(line?.id) && line.quantity > 0) : [];
}

/** Changes the quantity of one article by `by`, and tells the dataLayer what was added or removed. */
export function change(id, size, by) {
  const cart = lines();
  let line = cart.find((candidate) => candidate.id === id && candidate.size === size);
  if (!line) cart.push((line = { id, size, quantity: 0 }));
  const quantity = Math.max(0, line.quantity + by);
  const moved = Math.abs(quantity - line.quantity);
  line.quantity = quantity;
  write(CART, cart.filter((candidate) => candidate.quantity > 0));
  dispatchEvent(new Event('lopenfell:cart'));
  if (moved > 0) push(by > 0 ? 'add_to_cart' : 'remove_from_cart', [asItem({ id, size, quantity: moved })]);
}

/** A cart's line as GA4 wants an item. */
export function asItem({ id, size, quantity }) {
  return { ...catalog.get(id).item, ...(size ? { item_variant: size } : {}), quantity };
}

export function total(items) {
  return cents(items.reduce((sum, { price, quantity = 1 }) => sum + price * quantity, 0));
}

/** Delivery is free from 60 euros on, and so is picking up. */
export function deliveryCost(subtotal, way = 'home') {
  return way === 'pick-up' || subtotal >= FREE_FROM ? 0 : DELIVERY;
}

export function placeOrder(way) {
  const items = lines().map(asItem);
  const shipping = deliveryCost(total(items), way);
  const order = {
    transaction_id: `L-${Date.now().toString(36).toUpperCase()}`,
    value: total(items),
    shipping,
    items,
    reported: false,
  };
  write(ORDER, order);
  write(CART, []);
}

export const lastOrder = () => read(ORDER, null);

/** GA4 counts a purchase once per transaction, however often the thank-you page is reloaded. */
export function reportOrder(order) {
  if (order.reported) return;
  write(ORDER, { ...order, reported: true });
  const { transaction_id, shipping } = order;
  push('purchase', order.items, { transaction_id, shipping });
}

/** A GA4 e-commerce event, in the shape of https://developers.google.com/analytics/devguides/collection/ga4/ecommerce */
export function push(event, items, more = {}) {
  send(event, { currency: CURRENCY, value: total(items), ...more, items });
}

/** The same for lists, which have a name instead of a value. */
export function pushList(event, items, naming) {
  send(event, { ...naming, items });
}

function send(event, ecommerce) {
  const layer = (window.dataLayer ??= []);
  layer.push({ ecommerce: null });
  layer.push({ event, ecommerce });
}

/** An event of GA4's that is not about items. */
export function tellLayer(event, params) {
  (window.dataLayer ??= []).push({ event, ...params });
}

function cents(amount) {
  return Math.round(amount * 100) / 100;
}

function read(key, otherwise) {
  try {
    return JSON.parse(localStorage.getItem(key)) ?? otherwise;
  } catch {
    return otherwise;
  }
}

function write(key, value) {
  try {
    localStorage.setItem(key, JSON.stringify(value));
  } catch {
    // Storage is blocked or full: this shop then forgets its cart between pages.
  }
}
