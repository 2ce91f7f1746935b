/* The search box: towns, villages and facilities by name or code. Plain ES2019. */
function mapSearch(entries, words, elements) {
  'use strict';

  const {byId, make, fill} = elements;
  const MOST = 200; // more than anyone scrolls through; the last line then says that there are more
  const box = byId('search');
  let found = [];
  let active = 0;

  /** 0 where the name begins with the text, 1 where it has it elsewhere, 2 by code, 3 by county; 4 not at all. */
  function rank(one, text) {
    if (one.name.startsWith(text)) return 0;
    if (one.name.includes(text)) return 1;
    if (one.code.startsWith(text)) return 2;
    return one.county && one.county.includes(text) ? 3 : 4;
  }

  /** The matches, best first; of equal rank towns before villages before facilities, as the entries stand. */
  function matching(text) {
    const ranked = entries.map((one) => [rank(one, text), one]).filter(([at]) => at < 4);
    return ranked.sort(([one], [other]) => one - other).map(([, one]) => one);
  }

  function close() {
    byId('matches').hidden = true;
    box.setAttribute('aria-expanded', 'false');
  }

  function take(one) {
    box.value = one.name;
    close();
    one.go();
  }

  function itemOf(one, at) {
    const names = [one.name, one.where].map((name) => make('span', {}, name));
    const item = make('li', {role: 'option', id: `match-${at}`}, ...names);
    item.addEventListener('mousedown', (event) => {
      event.preventDefault();
      take(one);
    });
    return item;
  }

  function listMatches() {
    const text = box.value.trim();
    const all = text ? matching(text) : [];
    found = all.slice(0, MOST);
    active = 0;
    const items = found.map(itemOf);
    if (!items.length) items.push(make('li', {class: 'none'}, words.no_match));
    if (all.length > MOST) items.push(make('li', {class: 'none'}, words.more_matches));
    fill('matches', ...items);
    byId('matches').hidden = !text;
    byId('matches').scrollTop = 0;
    box.setAttribute('aria-expanded', String(Boolean(text)));
    markActive();
  }

  function markActive() {
    byId('matches').querySelectorAll('[role=option]').forEach((item, at) => {
      item.setAttribute('aria-selected', String(at === active));
      if (at === active) item.scrollIntoView({block: 'nearest'});
    });
    if (found.length) box.setAttribute('aria-activedescendant', `match-${active}`);
    else box.removeAttribute('aria-activedescendant');
  }

  function onKey(event) {
    if (event.key === 'Enter' && found.length) take(found[active]);
    else if (event.key === 'Escape') close();
    else if (event.key === 'ArrowDown' && found.length) active = (active + 1) % found.length;
    else if (event.key === 'ArrowUp' && found.length) active = (active + found.length - 1) % found.length;
    else return;
    event.preventDefault();
    markActive();
  }

  box.parentElement.hidden = false;
  box.placeholder = words.search;
  box.setAttribute('aria-label', words.search);
  box.addEventListener('input', listMatches);
  box.addEventListener('focus', () => box.select());
  box.addEventListener('keydown', onKey);
  box.addEventListener('blur', close);
}
