// What we remember: the visitor's topics, each with a tick that can be taken away. With demo/bar.js the only file of the shop
// that speaks to Maitre; without Maitre the page says that nothing is remembered, which is then true.
import { el } from './dom.js';

const place = document.querySelector('#topic-list');
const said = document.querySelector('#topics-said');

// Modules have run by then: Maitre's handle is there, or never will be.
addEventListener('DOMContentLoaded', async () => {
  const maitre = await window.maitre;
  if (!maitre) return;
  const show = () => {
    const topics = maitre.interests();
    if (topics.length > 0) place.replaceChildren(...topics.map((topic) => choice(maitre, topic, show)));
  };
  show();

  document.querySelector('#forget').addEventListener('click', () => {
    maitre.forget();
    show();
    said.textContent = '';
    document.querySelector('#forgotten').textContent = 'Done. We have not met.';
  });
});

function choice(maitre, { topic, title, score, muted }, show) {
  const input = el('input', { type: 'checkbox', checked: !muted, value: topic, id: `topic-${topic}` });
  input.addEventListener('change', () => {
    maitre.mute(topic, !input.checked);
    show();
    document.getElementById(input.id)?.focus();
    said.textContent = input.checked ? `${title}: from now on we notice again.` : `${title}: forgotten, and left alone from now on.`;
  });
  return el('label', {}, input, el('span', {}, title, el('small', {}, muted ? 'left alone' : inWords(score))));
}

/** A score fades by itself, so it says how much and how lately in one. */
function inWords(score) {
  if (score < 0.25) return 'nothing to speak of';
  return score < 1.5 ? 'a little' : score < 4 ? 'quite a bit' : 'a lot, and lately';
}
