/* Shows the areas reached within each limit, and every demand point as it was judged. Nothing is computed here; text
   that comes from data is only ever set as text. Plain ES2019. */
function showAreas(map) {
  'use strict';

  const data = JSON.parse(document.getElementById('areas-data').textContent);
  const {words, marks, chrome} = data.style;
  const elements = mapElements({...data.style, symbols: {}, status: {}});
  const {byId, make, makeSvg, fill, rowsOf, point, unpacked, outline, number, people, swatch, list, crossAt, closedMark} = elements;
  const {writeFurniture, addControls} = mapFurniture(map, data, elements);
  const states = Object.keys(words.states);

  /* ---- marks: drawn on one canvas, because there may be a hundred thousand ---- */

  const corners = {
    triangle: [[0, -1.25], [1.15, 0.85], [-1.15, 0.85]],
    square: [[-1, -1], [1, -1], [1, 1], [-1, 1]],
    diamond: [[0, -1.35], [1.35, 0], [0, 1.35], [-1.35, 0]],
  };

  function trace(pen, shape, x, y, radius) {
    if (shape === 'circle') {
      pen.moveTo(x + radius, y);
      pen.arc(x, y, radius, 0, 2 * Math.PI);
      return;
    }
    corners[shape].forEach(([right, down], at) => {
      if (at) pen.lineTo(x + right * radius, y + down * radius);
      else pen.moveTo(x + right * radius, y + down * radius);
    });
    pen.closePath();
  }

  L.Canvas.include({
    _updateSign(layer) {
      if (!this._drawing || layer._empty()) return;
      const pen = this._ctx;
      const {x, y} = layer._point;
      const {shape, isOnFoot, glyph} = layer.options;
      pen.beginPath();
      trace(pen, shape, x, y, layer._radius);
      this._fillStroke(pen, layer);
      if (glyph) {
        const arm = layer._radius * 0.55;
        pen.beginPath();
        pen.moveTo(x - arm, y);
        pen.lineTo(x + arm, y);
        pen.moveTo(x, y - arm);
        pen.lineTo(x, y + arm);
        Object.assign(pen, {lineWidth: 1.8, strokeStyle: glyph});
        pen.stroke();
      }
      if (isOnFoot) {
        pen.beginPath();
        pen.arc(x, y, layer._radius + 3.5, 0, 2 * Math.PI);
        Object.assign(pen, {lineWidth: 1, strokeStyle: chrome['soft-ink']});
        pen.stroke();
      }
    },
  });
  const Sign = L.CircleMarker.extend({_updatePath() { this._renderer._updateSign(this); }});

  function legendMark({shape, radius, glyph, ...look}, isOnFoot) {
    const path = shape === 'circle'
      ? makeSvg('circle', {cx: 12, cy: 12, r: radius})
      : makeSvg('polygon', {points: corners[shape].map(([x, y]) => `${12 + x * radius},${12 + y * radius}`).join(' ')});
    const paint = {fill: look.fillColor, stroke: look.color, 'stroke-width': look.weight};
    Object.entries(paint).forEach(([key, value]) => path.setAttribute(key, value));
    const box = makeSvg('svg', {width: 22, height: 22, viewBox: '0 0 24 24'}, path);
    const arm = radius * 0.55;
    if (glyph) box.append(makeSvg('path', {d: `M${12 - arm} 12h${2 * arm}M12 ${12 - arm}v${2 * arm}`, stroke: glyph, 'stroke-width': 1.8}));
    if (isOnFoot) box.append(makeSvg('circle', {cx: 12, cy: 12, r: radius + 3.5, fill: 'none', stroke: chrome['soft-ink'], 'stroke-width': 1}));
    return box;
  }

  /* ---- layers, from the ground up ---- */

  const [west, south, east, north] = data.bounds.map((value) => value / 1e5);
  const home = L.latLngBounds([south, west], [north, east]);
  const limits = rowsOf(data.limits);
  const demand = rowsOf(data.demand);
  const facilities = rowsOf(data.facilities);
  const canvas = L.canvas({padding: 0.3}); // one for all: printed, a canvas hides what lies below it
  const tipOptions = {className: 'tip', opacity: 1, direction: 'auto'};
  let chosen = limits.length - 1;

  function areaLayer() {
    const widestFirst = limits.map((one, at) => ({...one, paint: data.style.fills[at]})).reverse();
    return L.layerGroup(widestFirst.map((one) => L.polygon(outline(one.outline), {
      renderer: canvas, interactive: false, color: data.style.areaEdge, weight: 1, fillColor: one.paint, fillOpacity: 1,
    })));
  }

  function roadLayer() {
    const look = {renderer: canvas, interactive: false, fill: false};
    return L.layerGroup([
      L.polyline(data.roads.minor.map(unpacked), {...data.style.lines.road_minor, ...look}),
      L.polyline(data.roads.major.map(unpacked), {...data.style.lines.road_major, ...look}),
    ]);
  }

  function closedLayer() {
    const look = {...data.style.lines.road_closed, renderer: canvas, interactive: false};
    const crosses = data.roads ? data.roads.crosses : [];
    return L.layerGroup([L.polyline(data.roads ? data.roads.closed.map(unpacked) : [], look), ...crosses.map((at) => crossAt(point(at)))]);
  }

  const card = (name, rows) => make('div', {}, make('h3', {}, name), list(rows));

  function demandCard(one) {
    const state = states[one.states[chosen]];
    return card(one.name || one.id, [
      [words.id, one.name && one.id],
      [words.state, `${words.states[state]}（${limits[chosen].limit}）`],
      [words.population, data.hasPeople ? people(one.population) : ''],
      [words.nearest, one.nearest && `${one.nearest}，${one.cost}`],
      [words.on_foot, one.walk],
    ]);
  }

  const roads = data.roads ? roadLayer() : L.layerGroup();
  const closed = closedLayer();
  const toFront = (layer) => layer.eachLayer((one) => (map.hasLayer(one) && one.bringToFront ? one.bringToFront() : null));

  /** One layer a state, filled anew for the chosen limit; those who are left out lie on top. */
  const layers = states.map(() => L.layerGroup());
  const signs = demand.map((one) => {
    const sign = new Sign(point(one.at), {renderer: canvas, isOnFoot: Boolean(one.walk)});
    return sign.bindTooltip(() => demandCard(one), tipOptions);
  });
  const facilityLayer = L.layerGroup(facilities.map((one) =>
    new Sign(point(one.at), {...marks.facility, renderer: canvas}).bindTooltip(() => card(one.name || one.id, [[words.id, one.name && one.id], [words.kind, words.facility]]), tipOptions)));

  function drawDemand() {
    layers.forEach((layer) => layer.clearLayers());
    toFront(roads);
    toFront(closed);
    states.forEach((state, at) => demand.forEach((one, row) => {
      if (one.states[chosen] !== at) return;
      Object.assign(signs[row].options, marks[state]);
      signs[row]._radius = marks[state].radius;
      layers[at].addLayer(signs[row]);
    }));
    layers.forEach(toFront);
    toFront(facilityLayer);
  }

  /* ---- the panel ---- */

  const counts = new Map();

  function layerRow(name, layer, mark, isOn, key) {
    const box = make('input', {type: 'checkbox', 'data-layer': key});
    const count = make('span', {class: 'count'});
    counts.set(key, count);
    const item = make('li', {}, make('label', {}, box, make('span', {class: 'mark'}, mark), make('span', {}, name), count));
    const show = () => {
      item.classList.toggle('off', !box.checked);
      if (box.checked) map.addLayer(layer);
      else map.removeLayer(layer);
    };
    box.checked = isOn;
    box.addEventListener('change', () => {
      show();
      drawDemand();
    });
    show();
    return item;
  }

  /** Not a layer of its own: a ring around points of any state. */
  function onFootRow() {
    const blank = make('span', {class: 'no-box'});
    return make('li', {}, make('label', {}, blank, make('span', {class: 'mark'}, legendMark(marks.covered, true)), words.on_foot_mark));
  }

  function layerRows() {
    const line = makeSvg('svg', {width: 24, height: 14, viewBox: '0 0 24 14'},
      makeSvg('path', {d: 'M1 7H23', stroke: data.style.lines.road_major.color, 'stroke-width': 1.6}));
    const nested = limits.map((one, at) => make('span', {}, swatch(data.style.fills[at]), `≤ ${one.limit}`));
    const rows = [
      layerRow(words.facility, facilityLayer, legendMark(marks.facility, false), true, 'facility'),
      ...states.map((state, at) => layerRow(words.states[state], layers[at], legendMark(marks[state], false), true, state)),
      demand.some((one) => one.walk) ? onFootRow() : '',
      layerRow(words.areas, areaLayer(), swatch(data.style.fills[0]), true, 'areas'),
      make('li', {class: 'areas wide'}, ...nested),
    ];
    if (data.roads) rows.push(layerRow(words.roads, roads, line, true, 'roads'));
    if (data.roads && data.roads.closed.length) rows.push(layerRow(words.closed_layer, closed, closedMark(), true, 'closed'));
    counts.get('facility').textContent = number(facilities.length);
    return rows;
  }

  function peopleRow(one, at) {
    const cells = [one.limit, one.share, ...['covered', 'uncovered', 'unreachable'].map((name) => number(one[name]))];
    const row = make('tr', {}, ...cells.map((text) => make('td', {}, text)));
    row.addEventListener('click', () => choose(at));
    return row;
  }

  function choose(at) {
    chosen = at;
    byId('limit').value = String(at);
    fill('chosen', `${words.limit}：${limits[at].limit}`);
    byId('people').querySelectorAll('tbody tr').forEach((row, place) => row.classList.toggle('chosen', place === at));
    states.forEach((state, place) => {
      counts.get(state).textContent = number(demand.filter((one) => one.states[at] === place).length);
    });
    drawDemand();
  }

  /* ---- paper ---- */

  const frame = (bounds) => map.fitBounds(bounds, {animate: false, padding: [14, 14]});
  let seen = null;

  function beforePrint() {
    seen = {center: map.getCenter(), zoom: map.getZoom()};
    const view = map.getBounds().contains(home) ? home : map.getBounds();
    document.documentElement.classList.add('printing');
    map.invalidateSize({animate: false, pan: false});
    frame(view);
  }

  function afterPrint() {
    document.documentElement.classList.remove('printing');
    setTimeout(() => {
      map.invalidateSize({animate: false, pan: false});
      map.setView(seen.center, seen.zoom, {animate: false});
    }, 60);
  }

  writeFurniture();
  addControls(() => frame(home));
  map.invalidateSize({animate: false, pan: false}); // the texts just written have changed the room for the map
  frame(home);
  fill('layers', ...layerRows());
  fill('legend-notes', words.notes);
  fill('limit', ...limits.map((one, at) => make('option', {value: at}, one.limit)));
  byId('limit').disabled = limits.length < 2;
  byId('limit').addEventListener('change', () => choose(Number(byId('limit').value)));
  const heads = [words.limit, words.share, ...states.map((state) => words.states[state])];
  fill('people', make('thead', {}, make('tr', {}, ...heads.map((text) => make('th', {scope: 'col'}, text)))),
    make('tbody', {}, ...limits.map(peopleRow)));
  byId('print').addEventListener('click', () => window.print());
  window.addEventListener('beforeprint', beforePrint);
  window.addEventListener('afterprint', afterPrint);
  choose(chosen);
}
