/* Signs on a canvas, because there may be a hundred thousand, and the same signs in the legend. Plain ES2019. */
function canvasSigns(elements, ringColor) {
  'use strict';

  const {makeSvg} = elements;
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

  function stroke(pen, look, path) {
    pen.beginPath();
    path();
    Object.assign(pen, look);
    pen.stroke();
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
      const arm = layer._radius * 0.55;
      if (glyph) {
        stroke(pen, {lineWidth: 1.8, strokeStyle: glyph}, () => {
          pen.moveTo(x - arm, y);
          pen.lineTo(x + arm, y);
          pen.moveTo(x, y - arm);
          pen.lineTo(x, y + arm);
        });
      }
      if (isOnFoot) stroke(pen, {lineWidth: 1, strokeStyle: ringColor}, () => pen.arc(x, y, layer._radius + 3.5, 0, 2 * Math.PI));
    },
  });
  const Sign = L.CircleMarker.extend({_updatePath() { this._renderer._updateSign(this); }});

  function legendMark({shape, radius, glyph, ...look}, isOnFoot) {
    const paint = {fill: look.fillColor, stroke: look.color, 'stroke-width': look.weight};
    const path = shape === 'circle'
      ? makeSvg('circle', {cx: 12, cy: 12, r: radius, ...paint})
      : makeSvg('polygon', {points: corners[shape].map(([x, y]) => `${12 + x * radius},${12 + y * radius}`).join(' '), ...paint});
    const box = makeSvg('svg', {width: 22, height: 22, viewBox: '0 0 24 24'}, path);
    const arm = radius * 0.55;
    const plus = `M${12 - arm} 12h${2 * arm}M12 ${12 - arm}v${2 * arm}`;
    if (glyph) box.append(makeSvg('path', {d: plus, stroke: glyph, 'stroke-width': 1.8}));
    if (isOnFoot) box.append(makeSvg('circle', {cx: 12, cy: 12, r: radius + 3.5, fill: 'none', stroke: ringColor, 'stroke-width': 1}));
    return box;
  }

  return {Sign, legendMark};
}

/* Shows the areas reached within each limit, and every demand point as it was judged. Nothing is computed here; text
   that comes from data is only ever set as text. Plain ES2019. */
function showAreas(map) {
  'use strict';

  const stage = mapStage(map, 'areas', {padding: 14});
  const {data, elements, tips} = stage;
  const {choosable, fillTable} = stage.rows;
  const {layerRow} = stage.legend;
  const {words, marks, chrome, fills, areaEdge} = data.style;
  const {byId, make, fill, rowsOf, point, outline, number, people, swatch, list, card} = elements;
  const {Sign, legendMark} = canvasSigns(elements, chrome['soft-ink']);
  const states = Object.keys(words.states);
  const limits = rowsOf(data.limits);
  const demand = rowsOf(data.demand);
  const facilities = rowsOf(data.facilities);
  const renderer = L.canvas({padding: 0.3}); // one for all: printed, a canvas hides what lies below it
  const roads = mapRoads(data, elements, {renderer});
  let chosen = limits.length - 1;

  /* ---- layers, from the ground up ---- */

  const areas = L.layerGroup(limits.map((one, at) => L.polygon(outline(one.outline), {
    renderer, interactive: false, color: areaEdge, weight: 1, fillColor: fills[at], fillOpacity: 1,
  })).reverse());

  function demandCard(one) {
    const state = states[one.states[chosen]];
    return card(one.name || one.id, '', list([
      [words.id, one.name && one.id],
      [words.state, `${words.states[state]}（${limits[chosen].limit}）`],
      [words.population, data.hasPeople ? people(one.population) : ''],
      [words.nearest, one.nearest && `${one.nearest}，${one.cost}`],
      [words.on_foot, one.walk],
    ]));
  }

  const facilityCard = (one) => card(one.name || one.id, '', list([[words.id, one.name && one.id], [words.kind, words.facility]]));

  /* One layer a state, filled anew for the chosen limit; those who are left out lie on top. */
  const layers = states.map(() => L.layerGroup());
  const signs = demand.map((one) =>
    tips.tip(new Sign(point(one.at), {renderer, isOnFoot: Boolean(one.walk)}), () => demandCard(one)));
  const facilityLayer = L.layerGroup(facilities.map((one) =>
    tips.tip(new Sign(point(one.at), {...marks.facility, renderer}), () => facilityCard(one))));
  const toFront = (layer) => layer.eachLayer((one) => (map.hasLayer(one) && one.bringToFront ? one.bringToFront() : null));

  function drawDemand() {
    layers.forEach((layer) => layer.clearLayers());
    [roads.open, roads.closed].forEach(toFront);
    states.forEach((state, at) => demand.forEach((one, row) => {
      if (one.states[chosen] !== at) return;
      Object.assign(signs[row].options, marks[state]);
      signs[row]._radius = marks[state].radius;
      layers[at].addLayer(signs[row]);
    }));
    [...layers, facilityLayer].forEach(toFront);
  }

  /* ---- the panel ---- */

  const countOf = (at) => demand.filter((one) => one.states[chosen] === at).length;
  const stateRows = states.map((state, at) =>
    layerRow(words.states[state], layers[at], legendMark(marks[state]), true, {count: 0, changed: drawDemand}));

  /** Not a layer of its own: a ring around points of any state. */
  function onFootRow() {
    const blank = make('span', {class: 'no-box'});
    return make('li', {}, make('label', {}, blank, make('span', {class: 'mark'}, legendMark(marks.covered, true)), words.on_foot_mark));
  }

  function layerRows() {
    const row = (...of) => layerRow(...of, {changed: drawDemand});
    return [
      layerRow(words.facility, facilityLayer, legendMark(marks.facility), true, {count: facilities.length, changed: drawDemand}),
      ...stateRows,
      demand.some((one) => one.walk) ? onFootRow() : null,
      row(words.areas, areas, swatch(fills[0]), true),
      make('li', {class: 'areas wide'}, ...limits.map((one, at) => make('span', {}, swatch(fills[at]), `≤ ${one.limit}`))),
      ...roads.rows(row, true),
    ];
  }

  function peopleRow(one, at) {
    const cells = [one.limit, one.share, ...states.map((name) => number(one[name]))];
    return choosable(make('tr', {}, ...cells.map((text) => make('td', {}, text))), () => choose(at));
  }

  function choose(at) {
    chosen = at;
    byId('limit').value = String(at);
    fill('chosen', `${words.limit}：${limits[at].limit}`);
    byId('people').querySelectorAll('.choosable').forEach((row, place) => row.classList.toggle('chosen', place === at));
    stateRows.forEach((row, state) => { row.querySelector('.count').textContent = number(countOf(state)); });
    drawDemand();
  }

  fill('layers', ...layerRows());
  fill('legend-notes', words.notes);
  fill('limit', ...limits.map((one, at) => make('option', {value: at}, one.limit)));
  byId('limit').disabled = limits.length < 2;
  byId('limit').addEventListener('change', () => choose(Number(byId('limit').value)));
  fillTable('people', [words.limit, words.share, ...states.map((state) => words.states[state])], limits.map(peopleRow));
  choose(chosen);
}
