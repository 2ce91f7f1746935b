/* What every page is made of: elements, rows, the furniture around the map, the view, tips, and the stage that holds them. */
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

/* Rows of tables that can be chosen: by a click, or by keys, one stop of the Tab key a table. Plain ES2019. */
function mapRows(elements) {
  'use strict';

  const {byId, make, fill} = elements;

  /** Make a row one that is chosen by a click or by Enter; the arrow keys go on to the next. */
  function choosable(row, choose) {
    row.classList.add('choosable');
    row.tabIndex = -1;
    row.addEventListener('click', choose);
    row.addEventListener('keydown', (event) => {
      const step = {ArrowDown: 1, ArrowUp: -1}[event.key];
      if (event.key === 'Enter') choose();
      else if (step) goTo(row, step);
      else return;
      event.preventDefault();
    });
    return row;
  }

  function goTo(row, step) {
    const all = [...row.closest('table').querySelectorAll('.choosable')];
    const next = all[all.indexOf(row) + step];
    if (!next) return;
    row.tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  }

  /** Fill a table with its heads, which may be none, and its rows. */
  function fillTable(id, heads, lines) {
    const head = make('tr', {}, ...heads.map((text) => make('th', {scope: 'col'}, text)));
    fill(id, heads.length ? make('thead', {}, head) : null, lines.length ? make('tbody', {}, ...lines) : null);
    const first = byId(id).querySelector('.choosable');
    if (first) first.tabIndex = 0;
  }

  return {choosable, fillTable};
}

/* The rows of the legend that show and hide layers. Plain ES2019. */
function mapLayerRows(map, style, elements) {
  'use strict';

  const {make, number, people, dot} = elements;
  const toggle = (layer, isOn) => (isOn ? map.addLayer(layer) : map.removeLayer(layer));

  /** A box that shows a layer, its mark, its name, and how many there are where that is told. */
  function layerRow(name, layer, mark, isOn, {count, changed = () => {}} = {}) {
    const box = make('input', {type: 'checkbox', 'data-layer': name});
    const total = count === undefined ? null : make('span', {class: 'count'}, number(count));
    const item = make('li', {class: name.length > 9 ? 'wide' : ''},
      make('label', {}, box, make('span', {class: 'mark'}, mark || ''), make('span', {class: 'name'}, name), total));
    const show = () => {
      item.classList.toggle('off', !box.checked);
      toggle(layer, box.checked);
    };
    box.checked = isOn;
    box.addEventListener('change', () => {
      show();
      changed();
    });
    show();
    return item;
  }

  /** Count anew; the row of what there is none of goes away. */
  function setCount(row, count) {
    row.hidden = !count;
    row.querySelector('.count').textContent = number(count);
  }

  const setName = (row, name) => { row.querySelector('.name').textContent = name; };

  function dotExamples() {
    const examples = style.dots.map((one) => make('span', {}, dot(style.lines.uncovered, one.radius), people(one.people)));
    return make('li', {class: 'dots wide'}, ...examples);
  }

  return {toggle, layerRow, setCount, setName, dotExamples};
}

/* What stands around the map: title, notice, sources, and the controls upon it. Plain ES2019. */
function mapFurniture(map, data, elements) {
  'use strict';

  const {words, chrome} = data.style;
  const {furniture} = data;
  const {make, makeSvg, fill} = elements;

  function writeFurniture() {
    document.title = furniture.title;
    fill('title', furniture.title);
    fill('subtitle', furniture.subtitle);
    fill('notice', furniture.notice);
    fill('alarm', data.alarm);
    const facts = [
      [words.drawn_by, furniture.drawn_by || words.blank],
      [words.date, furniture.date || words.blank],
      [words.unit, furniture.unit],
      [words.approval_number, furniture.approval_number || words.blank],
      [words.version, furniture.version],
      [words.projection, words.projection_value],
    ];
    /* One line each on the screen, in full in the panel and on paper. */
    const long = [
      [words.sources, furniture.sources.map((one) => one.replace(/[。；]$/, '')).join('；')],
      [words.accuracy, furniture.accuracy],
    ];
    const written = (className) => ([term, value]) =>
      make('div', {class: className, title: value}, `${term}：`, make('b', {}, value));
    const given = ([, value]) => value;
    fill('furniture', ...facts.filter(given).map(written('short')), ...long.filter(given).map(written('long')));
    fill('sources', ...[...furniture.sources, furniture.accuracy, furniture.drawn_with].filter(Boolean).map((text) => make('li', {}, text)));
    fill('parameters', ...furniture.parameters.map((text) => make('li', {}, text)));
    fill('inputs', ...furniture.inputs.map(([file, hash]) => make('li', {}, file, make('code', {}, hash))));
  }

  function addControls(goHome) {
    const titles = {zoomInTitle: words.zoom_in, zoomOutTitle: words.zoom_out};
    const zoom = L.control.zoom({position: 'topright', ...titles}).addTo(map);
    const button = make('button', {class: 'home', type: 'button'}, words.home);
    L.DomEvent.disableClickPropagation(button);
    button.addEventListener('click', goHome);
    zoom.getContainer().append(button);
    L.control.scale({imperial: false, maxWidth: 130, position: 'bottomleft'}).addTo(map);
    const arrow = makeSvg('svg', {width: 18, height: 24, viewBox: '0 0 18 24'},
      makeSvg('path', {d: 'M9 1L16 22 9 17z', fill: chrome.ink}),
      makeSvg('path', {d: 'M9 1L2 22 9 17z', fill: chrome.paper, stroke: chrome.ink, 'stroke-width': 1}));
    const compass = L.control({position: 'topleft'});
    compass.onAdd = () => make('div', {class: 'north'}, words.north, arrow);
    compass.addTo(map);
  }

  return {writeFurniture, addControls};
}

/* What a map looks at: all of it, a part, or what goes onto paper; a map without a size waits for one. Plain ES2019. */
function mapView(map, bounds, options) {
  'use strict';

  const {padding = 8, toPaper = () => {}, fromPaper = () => {}} = options;
  const [west, south, east, north] = bounds.map((value) => value / 1e5);
  const home = L.latLngBounds([south, west], [north, east]);
  /* The view that was set here; null once the reader has moved to another. */
  let framed = null;
  let isFraming = false;
  let seen = null;

  /** How many levels nearer than the whole one looks. */
  const closer = () => map.getZoom() - map.getBoundsZoom(home);
  const measure = () => map.invalidateSize({animate: false, pan: false});

  function frame(shown, more) {
    const wanted = {animate: false, padding: [padding, padding], ...more};
    const room = map.getSize().subtract(L.point(wanted.padding).multiplyBy(2));
    isFraming = true;
    /* A frame of a notebook, or one that is not shown, has no size at first: any view will do until it has one. */
    if (room.x > 0 && room.y > 0) map.fitBounds(shown, wanted);
    else map.setView(L.latLngBounds(shown).getCenter(), 9, {animate: false});
    isFraming = false;
    framed = {shown, more};
  }

  /** Look at a place that the reader asked for: it is theirs, and nothing goes back from it by itself. */
  function visit(shown, more) {
    frame(shown, more);
    framed = null;
  }

  /** What does not fit beside the map on paper is set smaller: a sheet has no scroll bar. */
  function fitPanel() {
    const panel = document.querySelector('.panel');
    panel.style.setProperty('--fit', '1');
    const share = panel.clientHeight / panel.scrollHeight;
    if (share < 1) panel.style.setProperty('--fit', Math.max(0.6, share * 0.98).toFixed(3));
  }

  function beforePrint() {
    const shown = map.getBounds().contains(home) ? home : map.getBounds();
    seen = {center: map.getCenter(), zoom: map.getZoom(), framed};
    framed = null;
    document.documentElement.classList.add('printing');
    toPaper();
    fitPanel();
    measure();
    frame(shown);
  }

  function afterPrint() {
    document.documentElement.classList.remove('printing');
    fromPaper();
    /* Once the window has its own size again, and Leaflet has answered that. */
    setTimeout(() => {
      framed = null;
      measure();
      map.setView(seen.center, seen.zoom, {animate: false});
      framed = seen.framed;
    }, 60);
  }

  new ResizeObserver(() => map.invalidateSize({animate: false})).observe(map.getContainer());
  map.on('resize', () => {
    if (framed) frame(framed.shown, framed.more);
  });
  map.on('movestart zoomstart', () => {
    if (!isFraming) framed = null;
  });
  window.addEventListener('beforeprint', beforePrint);
  window.addEventListener('afterprint', afterPrint);

  return {home, closer, measure, frame, visit, isFramed: () => framed !== null};
}

/* Tooltips; and the place that was searched or chosen: it is ringed, and its tooltip stays until another one opens,
   the map moves or the question changes. Plain ES2019. */
function mapTips(map, view, look) {
  'use strict';

  const options = {className: 'tip', opacity: 1, direction: 'auto', sticky: true};
  const spot = L.circleMarker([0, 0], {...look, radius: 14, pane: 'spot', interactive: false});
  let pinned = null;

  const tip = (layer, write) => layer.bindTooltip(write, options);

  function unpin() {
    if (pinned) map.closeTooltip(pinned);
    pinned = null;
    spot.remove();
  }

  function goToTown(town) {
    unpin();
    view.visit(town.shape.getBounds(), {maxZoom: 13, padding: [60, 60]});
    town.shape.openTooltip([town.at[1] / 1e5, town.at[0] / 1e5]);
  }

  function goToSpot([lon, lat], content) {
    unpin();
    const at = [lat / 1e5, lon / 1e5];
    map.setView(at, Math.max(map.getZoom(), map.getBoundsZoom(view.home) + 2), {animate: false});
    spot.setLatLng(at).addTo(map);
    spot.unbindTooltip().bindTooltip(content, {...options, sticky: false, offset: [16, 0]}).openTooltip();
  }

  /* A tooltip taller than the space beside the pointer would be cut off: move it up or down into the map. */
  const place = L.Tooltip.prototype._setPosition;
  L.Tooltip.include({
    _setPosition(at) {
      place.call(this, at);
      const corner = L.DomUtil.getPosition(this._container);
      const inMap = this._map.layerPointToContainerPoint(corner);
      const room = this._map.getSize().y - this._container.offsetHeight - 6;
      const y = Math.max(6, Math.min(inMap.y, room));
      L.DomUtil.setPosition(this._container, corner.add([0, y - inMap.y]));
    },
  });

  map.on('preclick zoomstart', unpin);
  map.on('tooltipopen', (event) => {
    if (pinned && pinned !== event.tooltip) map.closeTooltip(pinned);
    if (event.tooltip !== spot.getTooltip()) spot.remove();
    pinned = event.tooltip;
  });
  map.on('tooltipclose', (event) => {
    if (pinned === event.tooltip) pinned = null;
  });

  return {tip, unpin, goToTown, goToSpot};
}

/* What every page begins with: its data, what stands around the map, and the whole in view. Plain ES2019. */
function mapStage(map, name, options) {
  'use strict';

  const {panes = [], atHome = () => {}} = options;
  const data = JSON.parse(document.getElementById(`${name}-data`).textContent);
  const elements = mapElements(data.style);
  const view = mapView(map, data.bounds, options);
  const tips = mapTips(map, view, data.style.lines.spot);
  const {writeFurniture, addControls} = mapFurniture(map, data, elements);

  ['towns', 'roads', 'closed', 'counties', ...panes, 'spot'].forEach((pane, at) => {
    map.createPane(pane).style.zIndex = 400 + at * 10;
  });
  Object.assign(map.createPane('names').style, {zIndex: 590, pointerEvents: 'none'}); // signs are never written over
  writeFurniture();
  addControls(() => {
    tips.unpin();
    atHome();
    view.frame(view.home);
  });
  elements.byId('print').addEventListener('click', () => window.print());
  view.measure(); // the texts just written have changed the room for the map
  view.frame(view.home);

  return {data, elements, view, tips, rows: mapRows(elements), legend: mapLayerRows(map, data.style, elements)};
}
