/* The small parts of the page: elements, signs and marks. Text is only ever set as text. Plain ES2019. */
function mapElements(style) {
  'use strict';

  const {words, symbols, status, chrome} = style;
  const byId = (id) => document.getElementById(id);

  function make(tag, attributes, ...children) {
    const node = document.createElement(tag);
    Object.entries(attributes || {}).forEach(([key, value]) => node.setAttribute(key, value));
    node.append(...children.filter((child) => child !== null));
    return node;
  }

  function makeSvg(tag, attributes, ...children) {
    const node = document.createElementNS('http://www.w3.org/2000/svg', tag);
    Object.entries(attributes).forEach(([key, value]) => node.setAttribute(key, value));
    node.append(...children);
    return node;
  }

  function fill(id, ...children) {
    byId(id).replaceChildren(...children.filter((child) => child !== null));
  }

  /** Columns → one object per row. */
  function rowsOf(table) {
    const names = Object.keys(table);
    const columns = names.map((name) => {
      const column = table[name];
      return column.values || column.index.map((position) => column.texts[position]);
    });
    return columns[0].map((_, row) => Object.fromEntries(names.map((name, at) => [name, columns[at][row]])));
  }

  const point = ([lon, lat]) => [lat / 1e5, lon / 1e5];

  /** [lon, lat, dlon, dlat, …] in 1e-5 degrees → [[lat, lon], …]. */
  function unpacked(steps) {
    let lon = 0;
    let lat = 0;
    const line = [];
    for (let at = 0; at < steps.length; at += 2) {
      lon += steps[at];
      lat += steps[at + 1];
      line.push([lat / 1e5, lon / 1e5]);
    }
    return line;
  }

  const outline = (polygons) => polygons.map((rings) => rings.map(unpacked));
  const numbers = mapNumbers();
  const number = numbers.count;
  const people = (value) => `${number(value)}\u00a0${words.people}`;

  /* ---- signs ---- */

  /** A sign: an outline and a glyph in a box of 24 by 24. */
  function drawn({size, outline: path, fill: inside, line, glyph, pen}, width) {
    const box = makeSvg('svg', {width: size, height: size, viewBox: '0 0 24 24', 'aria-hidden': 'true'});
    box.append(makeSvg('path', {d: path, fill: inside, stroke: line, 'stroke-width': width || 1.6 * 20 / size}));
    if (glyph) box.append(makeSvg('path', {d: glyph, fill: 'none', stroke: pen, 'stroke-width': 2.4, 'stroke-linecap': 'round'}));
    return box;
  }

  /** The sign of a facility: hollow while it is planned, grey once it is closed. */
  function sign(kind, state) {
    const ink = state === 'closed' ? style.closed : symbols[kind].color;
    const isHollow = state === 'planned';
    const [inside, line] = isHollow ? [chrome.paper, ink] : [ink, chrome.paper];
    return drawn({...symbols[kind], fill: inside, line, pen: line}, isHollow ? 2.6 : 0);
  }

  function dot(look, radius) {
    const reach = radius + look.weight;
    const side = 2 * reach;
    const paint = {fill: look.fillColor, 'fill-opacity': look.fillOpacity, stroke: look.color};
    const circle = makeSvg('circle', {r: radius, 'stroke-width': look.weight, ...paint});
    return makeSvg('svg', {width: side, height: side, viewBox: `${-reach} ${-reach} ${side} ${side}`}, circle);
  }

  function stroke(line, isRing) {
    const look = {fill: 'none', stroke: line.color, 'stroke-width': line.weight};
    if (line.dashArray) look['stroke-dasharray'] = line.dashArray;
    const shape = isRing ? makeSvg('circle', {cx: 12, cy: 7, r: 6, ...look}) : makeSvg('path', {d: 'M1 7H23', ...look});
    return makeSvg('svg', {width: 24, height: 14, viewBox: '0 0 24 14'}, shape);
  }

  function swatch(paint) {
    const look = {width: 23, height: 12, x: 0.5, y: 0.5, fill: paint, stroke: chrome.edge};
    return makeSvg('svg', {width: 24, height: 13, viewBox: '0 0 24 13'}, makeSvg('rect', look));
  }

  const pillOf = (state, text) => make('span', {class: `pill ${state}`}, text);
  const pill = (state) => pillOf(state, status[state] || state);
  const tag = (text) => make('span', {class: 'tag'}, text);

  function list(pairs) {
    const shown = pairs.filter(([, value]) => value !== '' && value !== null && value !== undefined);
    return make('dl', {}, ...shown.flatMap(([term, value]) => [make('dt', {}, term), make('dd', {}, value)]));
  }

  /** What a tooltip says: a name, where it is, and more. */
  function card(name, where, ...parts) {
    return make('div', {}, make('h3', {}, name), where ? make('div', {class: 'where'}, where) : null, ...parts);
  }

  return {
    byId, make, makeSvg, fill, rowsOf, point, unpacked, outline, number, numbers, people,
    drawn, sign, dot, stroke, swatch, pill, pillOf, tag, list, card,
  };
}
