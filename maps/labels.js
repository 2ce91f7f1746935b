/* Where labels stand: clear of the signs and of each other, inside the map; the same view has them in the same places.
   Plain ES2019. */
function mapLabels(map) {
  'use strict';

  const container = map.getContainer();
  const near = (one, other) => one[0] ** 2 + (2 * one[1]) ** 2 - other[0] ** 2 - (2 * other[1]) ** 2;
  const shifts = [0, -10, 10, -20, 20, -30, 30].flatMap((dx) => [0, -6, 6, -12, 12, -18, 18].map((dy) => [dx, dy])).sort(near);

  /** A name may stand a little off its place, not so far that it would be its neighbour's. */
  const around = () => shifts;

  /** What belongs to a sign stands beside it: by turns right, left, below, above, and at its corners. */
  const beside = (gap) => (wide, high, isLeft) => {
    const [dx, dy] = [(wide / 2 + gap) * (isLeft ? -1 : 1), high / 2 + gap];
    const [x, y] = [dx * 0.75, dy * 0.9];
    return [[dx, 0], [-dx, 0], [0, dy], [0, -dy], [x, -y], [x, y], [-x, -y], [-x, y]];
  };

  /* In the order in which they choose. Those that may be thinned say less, or nothing, where there is no room. */
  const groups = [
    {select: '.change b', spots: beside(17), mayThin: true},
    {select: '.order span', spots: beside(11)},
    {select: '.load span', spots: beside(11)},
    {select: '.place.county span', spots: around},
    {select: '.place.town span', spots: around},
  ];
  const signs = '.sign svg';
  const firm = '.change svg, .leaflet-control';

  const boxOf = (element) => {
    const {left, top, right, bottom} = element.getBoundingClientRect();
    return {left, top, right, bottom};
  };
  const shared = (one, other) => Math.max(0, Math.min(one.right, other.right) - Math.max(one.left, other.left))
    * Math.max(0, Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top));
  const area = (box) => (box.right - box.left) * (box.bottom - box.top);

  /** [what it covers that must stay free, what it covers besides] of a label at this place. */
  function covers(box, room, taken) {
    const over = (list) => list.reduce((sum, other) => sum + shared(box, other), 0);
    return [area(box) - shared(box, room) + over(taken.firm), over(taken.signs)];
  }

  /** The first place that covers nothing, else the one that covers least. */
  function best({at, high, isLeft, spots}, wide, room, taken) {
    let found = null;
    spots(wide, high, isLeft).some(([dx, dy]) => {
      const [x, y] = [at.x + dx, at.y + dy];
      const box = {left: x - wide / 2, top: y - high / 2, right: x + wide / 2, bottom: y + high / 2};
      const [hard, soft] = covers(box, room, taken);
      const cost = 4 * hard + soft;
      if (!found || cost < found.cost) found = {dx, dy, box, hard, cost};
      return cost === 0;
    });
    return found;
  }

  /** Read where a label belongs and how large it is; null where it is not seen. */
  function measured(element, group, room) {
    const icon = boxOf(element.closest('.leaflet-marker-icon'));
    const at = {x: (icon.left + icon.right) / 2, y: (icon.top + icon.bottom) / 2};
    const [wide, high] = [element.offsetWidth, element.offsetHeight];
    if (!wide || at.x < room.left || at.x > room.right || at.y < room.top || at.y > room.bottom) return null;
    const word = element.querySelector('i');
    const isLeft = element.parentElement.classList.contains('beside');
    return {...group, element, at, wide, high, isLeft, short: word ? wide - word.offsetWidth : wide};
  }

  /** Choose a place; then the label's own place is taken too. */
  function chosen(label, room, taken) {
    const whole = best(label, label.wide, room, taken);
    const short = label.mayThin && whole.hard > 0 ? best(label, label.short, room, taken) : null;
    const found = short || whole;
    const state = !short ? '' : short.hard > 0 ? 'none' : 'short';
    if (state !== 'none') taken.firm.push(found.box);
    return {element: label.element, state, dx: found.dx, dy: found.dy};
  }

  /** All is read, then chosen, then written: the page is laid out once. */
  function place() {
    const found = groups.map((group) => [group, [...container.querySelectorAll(group.select)]]);
    found.forEach(([group, elements]) => group.mayThin && elements.forEach((one) => one.classList.remove('short', 'none')));
    const room = boxOf(container);
    const inRoom = (select) => [...container.querySelectorAll(select)].map(boxOf).filter((box) => shared(box, room) > 0);
    const banners = [...document.querySelectorAll('.banner')].map(boxOf);
    const taken = {signs: inRoom(signs), firm: [...inRoom(firm), ...banners]};
    const labels = found.flatMap(([group, elements]) => elements.map((one) => measured(one, group, room))).filter(Boolean);
    labels.map((label) => chosen(label, room, taken)).forEach(({element, state, dx, dy}) => {
      if (state) element.classList.add(state);
      element.style.setProperty('--dx', `${dx}px`);
      element.style.setProperty('--dy', `${dy}px`);
    });
  }

  let asked = 0;
  const ask = () => {
    cancelAnimationFrame(asked);
    asked = requestAnimationFrame(place);
  };
  map.on('zoomend moveend resize layeradd layerremove', ask);
  window.addEventListener('beforeprint', place);
  ask();
}
