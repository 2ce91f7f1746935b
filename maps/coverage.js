/* Shows one city's findings. Everything here is looked up, nothing about coverage is computed; text that comes
   from data is only ever set as text. Plain ES2019. */
function showCoverage(map) {
  'use strict';

  const data = JSON.parse(document.getElementById('coverage-data').textContent);
  const {words, fills, lines, symbols, status, chrome} = data.style;
  const furniture = data.furniture;
  const byId = (id) => document.getElementById(id);

  /* ---- building blocks ---- */

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
  const number = (value) => value.toLocaleString('zh-CN');
  const people = (value) => `${number(value)} ${words.people}`;

  /* ---- signs ---- */

  function sign(kind, state) {
    const {size, color, outline: path, glyph} = symbols[kind];
    const ink = state === 'closed' ? data.style.closed : color;
    const hollow = state === 'planned';
    const box = makeSvg('svg', {width: size, height: size, viewBox: '0 0 24 24', 'aria-hidden': 'true'});
    const halo = hollow ? 2.6 : 1.6 * 20 / size;
    const [inside, line] = hollow ? [chrome.paper, ink] : [ink, chrome.paper];
    box.append(makeSvg('path', {d: path, fill: inside, stroke: line, 'stroke-width': halo}));
    const pen = {fill: 'none', stroke: line, 'stroke-width': 2.4, 'stroke-linecap': 'round'};
    if (glyph) box.append(makeSvg('path', {d: glyph, ...pen}));
    return box;
  }

  function dot(style, radius) {
    const reach = radius + style.weight;
    const side = 2 * reach;
    const look = {fill: style.fillColor, 'fill-opacity': style.fillOpacity, stroke: style.color};
    const circle = makeSvg('circle', {r: radius, 'stroke-width': style.weight, ...look});
    return makeSvg('svg', {width: side, height: side, viewBox: `${-reach} ${-reach} ${side} ${side}`}, circle);
  }

  function stroke(style, isRing) {
    const look = {fill: 'none', stroke: style.color, 'stroke-width': style.weight};
    if (style.dashArray) look['stroke-dasharray'] = style.dashArray;
    const shape = isRing ? makeSvg('circle', {cx: 12, cy: 7, r: 6, ...look}) : makeSvg('path', {d: 'M1 7H23', ...look});
    return makeSvg('svg', {width: 24, height: 14, viewBox: '0 0 24 14'}, shape);
  }

  function swatch(paint) {
    const look = {width: 23, height: 12, x: 0.5, y: 0.5, fill: paint, stroke: chrome.edge};
    return makeSvg('svg', {width: 24, height: 13, viewBox: '0 0 24 13'}, makeSvg('rect', look));
  }

  /* ---- what a tooltip says ---- */

  const pill = (state) => make('span', {class: `pill ${state}`}, status[state] || state);
  const tag = (text) => make('span', {class: 'tag'}, text);

  function list(pairs) {
    const shown = pairs.filter(([, value]) => value !== '' && value !== null && value !== undefined);
    return make('dl', {}, ...shown.flatMap(([term, value]) => [make('dt', {}, term), make('dd', {}, value)]));
  }

  function quotation(row) {
    if (!row.quote && !row.document) return null;
    const place = [row.document, row.section, row.nature].filter(Boolean).join('　');
    return make('blockquote', {}, row.quote ? `“${row.quote}”` : '', make('cite', {}, place));
  }

  function card(name, where, ...parts) {
    return make('div', {}, make('h3', {}, name), make('div', {class: 'where'}, where), ...parts);
  }

  const some = (value) => (value ? people(value) : '');

  function findingCard(name, where, row, estimatedPlace) {
    if (!row) return card(name, where, make('div', {}, words.no_row));
    const share = row.share_text && `${row.share_text}（${number(row.covered)} / ${people(row.population)}）`;
    const distance = row.distance_m === null ? '' : `，${number(Math.round(row.distance_m / 100) / 10)} 公里`;
    return card(
      name,
      where,
      make('div', {class: 'pills'}, pill(row.status), row.estimated || estimatedPlace ? tag(words.estimated) : null),
      list([
        [words.share, share],
        [words.uncovered, some(row.uncovered)],
        [words.unreachable, some(row.unreachable)],
        [words.population_no_data, some(row.population_no_data)],
        [words.value, row.value_text === row.share_text ? '' : row.value_text],
        [words.required, row.required_text],
        [words.nearest, row.nearest_facility_name && row.nearest_facility_name + distance],
        [words.remedy, row.remedy],
        [words.note, row.note],
      ]),
      quotation(row),
    );
  }

  function facilityCard(one) {
    return card(
      one.name,
      [symbols[one.kind].label, one.status_label, one.town].filter(Boolean).join('　'),
      one.estimated ? make('div', {class: 'pills'}, tag(words.estimated_point)) : null,
      list([
        [words.host, one.host],
        [words.grade, one.grade],
        [words.owner, one.owner],
        [words.beds, one.beds === null ? '' : `${number(one.beds)} ${words.beds_unit}`],
        [words.source, one.source],
      ]),
    );
  }

  const tipOptions = {className: 'tip', opacity: 1, direction: 'auto', sticky: true};
  const tip = (layer, write) => layer.bindTooltip(write, tipOptions);

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

  /* ---- layers, from the ground up ---- */

  ['towns', 'roads', 'rings', 'counties', 'villages', 'uncovered'].forEach((name, at) => {
    map.createPane(name).style.zIndex = 400 + at * 10;
  });
  Object.assign(map.createPane('names').style, {zIndex: 620, pointerEvents: 'none'});

  const [west, south, east, north] = data.bounds.map((value) => value / 1e5);
  const home = L.latLngBounds([south, west], [north, east]);
  const pairs = data.pairs.map((one) => ({
    ...one,
    city: rowsOf(one.city)[0],
    counties: rowsOf(one.counties),
    towns: new Map(rowsOf(one.towns).map((row) => [row.subject_code, row])),
    villages: rowsOf(one.villages),
  }));
  const towns = rowsOf(data.towns);
  const townsByCode = new Map(towns.map((town) => [town.code, town]));
  const villages = rowsOf(data.villages);
  const villagesByCode = new Map(villages.map((village) => [village.code, village]));
  const facilities = rowsOf(data.facilities);
  const counties = rowsOf(data.counties);
  let chosen = pairs[0];

  const rowOf = (town) => (chosen ? chosen.towns.get(town.code) : undefined);
  const fillOf = (row) => fills[row ? row.fill : fills.length - 1].fill;

  function townLayer() {
    const group = L.featureGroup();
    towns.forEach((town) => {
      town.shape = L.polygon(outline(town.outline), {...lines.town, pane: 'towns', className: 'town'});
      tip(town.shape, () => findingCard(town.name, town.county, rowOf(town), town.estimated));
      town.shape.on('mouseover', () => town.shape.setStyle(lines.town_hover).bringToFront());
      town.shape.on('mouseout', () => town.shape.setStyle(lines.town));
      town.shape.on('add', () => town.shape.getElement().setAttribute('data-code', town.code));
      group.addLayer(town.shape);
    });
    return group;
  }

  function named(one, className) {
    const html = make('span', {}, one.name);
    const icon = L.divIcon({className: `place ${className}`, html, iconSize: [0, 0]});
    return L.marker(point(one.at), {icon, pane: 'names', interactive: false, keyboard: false});
  }

  function countyLayer() {
    const line = {...lines.county, pane: 'counties', interactive: false};
    const borders = counties.map((county) => L.polygon(outline(county.outline), line));
    return L.layerGroup([...borders, ...counties.map((county) => named(county, 'county'))]);
  }

  function roadLayer() {
    const path = (kind) =>
      L.polyline(data.roads[kind].map(unpacked), {...lines[`road_${kind}`], pane: 'roads', interactive: false});
    return L.layerGroup([path('minor'), path('major')]);
  }

  const rings = furniture.rings.map((ring) => {
    const around = facilities.filter((one) => one.kind === ring.kind && one.status === 'open');
    const look = {...lines.ring, radius: ring.radius, pane: 'rings', interactive: false, className: 'ring'};
    const circles = L.layerGroup(around.map((one) => L.circle(point(one.at), look)));
    return {...ring, circles, wanted: L.layerGroup()};
  });

  /** A ring is drawn while its box is ticked and the chosen rule is one that it belongs to. */
  function showRing(ring) {
    const belongs = !ring.rules.length || ring.rules.includes(chosen.rule);
    if (ring.row) ring.row.hidden = !belongs;
    if (belongs && map.hasLayer(ring.wanted)) map.addLayer(ring.circles);
    else map.removeLayer(ring.circles);
  }

  /** Facilities on the same spot stand side by side, the first on the spot itself. */
  function facilityLayers() {
    const taken = new Map();
    const layers = new Map(Object.keys(symbols).map((kind) => [kind, L.layerGroup()]));
    facilities.forEach((one) => {
      const spot = one.at.join();
      const {size} = symbols[one.kind];
      const shift = taken.has(spot) ? taken.get(spot) + size / 2 : 0;
      const html = make('span', {style: `--shift:${shift}px`}, sign(one.kind, one.status));
      taken.set(spot, shift + size / 2);
      const icon = L.divIcon({className: 'sign', html, iconSize: [size, size]});
      const marker = L.marker(point(one.at), {icon, keyboard: false, zIndexOffset: size * 20});
      layers.get(one.kind).addLayer(tip(marker, () => facilityCard(one)));
    });
    return layers;
  }

  function villageLayer() {
    const look = {...lines.village, radius: data.style.villageRadius, pane: 'villages', className: 'village'};
    return L.layerGroup(villages.map((one) => {
      const facts = () => [[words.population, people(one.population)], ['', '']];
      const tags = () => (one.estimated ? make('div', {class: 'pills'}, tag(words.estimated_point)) : null);
      return tip(L.circleMarker(point(one.at), look), () => card(one.name, '', tags(), list(facts())));
    }));
  }

  const uncovered = L.layerGroup();

  function drawUncovered() {
    uncovered.clearLayers();
    const largestFirst = [...chosen.villages].sort((one, other) => other.radius - one.radius);
    largestFirst.forEach((row) => {
      const look = row.unreachable ? lines.unreachable : lines.uncovered;
      const options = {...look, radius: row.radius, pane: 'uncovered', className: 'uncovered'};
      const where = [row.county_name, row.town_name].filter(Boolean).join('　');
      const marker = L.circleMarker(point(villagesByCode.get(row.subject_code).at), options);
      uncovered.addLayer(tip(marker, () => findingCard(row.subject_name, where, row, false)));
    });
  }

  const townNames = L.layerGroup(towns.map((town) => named(town, 'town')));

  /* ---- the panel ---- */

  function layerRow(name, layer, mark, isOn, count, afterwards) {
    const box = make('input', {type: 'checkbox', 'data-layer': name});
    const item = make('li', {class: name.length > 9 ? 'wide' : ''});
    const total = count === null ? null : make('span', {class: 'count'}, number(count));
    item.append(make('label', {}, box, make('span', {class: 'mark'}, mark || ''), make('span', {}, name), total));
    const show = () => {
      item.classList.toggle('off', !box.checked);
      if (box.checked) map.addLayer(layer);
      else map.removeLayer(layer);
      if (afterwards) afterwards();
    };
    box.checked = isOn;
    box.addEventListener('change', show);
    show();
    return item;
  }

  function dotExamples() {
    const examples = data.style.dots.map((one) =>
      make('span', {}, dot(lines.uncovered, one.radius), people(one.people)));
    return make('li', {class: 'dots wide'}, ...examples);
  }

  /* Names of towns would cover each other on the whole city: they wait until there is room. */
  const namesWanted = L.layerGroup();
  function showTownNames() {
    const isRoom = map.hasLayer(namesWanted) && map.getZoom() >= map.getBoundsZoom(home) + 1;
    if (isRoom) map.addLayer(townNames);
    else map.removeLayer(townNames);
  }

  /* Signs are small on the whole city and grow to their full size as one zooms in. */
  function scaleSigns() {
    const closer = map.getZoom() - map.getBoundsZoom(home);
    const scale = Math.max(0.68, Math.min(1, 0.68 + 0.16 * closer));
    map.getContainer().style.setProperty('--sign-scale', scale.toFixed(2));
  }

  function layerRows() {
    const signs = facilityLayers();
    const kinds = Object.keys(symbols).filter((kind) => signs.get(kind).getLayers().length);
    const facilityRow = (kind) => {
      const layer = signs.get(kind);
      const {label, shown} = symbols[kind];
      return layerRow(label, layer, sign(kind, 'open'), shown, layer.getLayers().length, null);
    };
    const ringRow = (ring) => {
      ring.row = layerRow(ring.label, ring.wanted, stroke(lines.ring, true), true, null, () => showRing(ring));
      return ring.row;
    };
    const namesRow = layerRow(words.names_layer, namesWanted, '', true, null, showTownNames);
    namesRow.classList.add('no-print');
    const villageRow = () =>
      layerRow(words.villages_layer, villageLayer(), dot(lines.village, 3), false, villages.length, null);
    return [
      layerRow(words.uncovered_layer, uncovered, dot(lines.uncovered, 5), true, null, null),
      dotExamples(),
      ...rings.map(ringRow),
      ...kinds.map(facilityRow),
      villages.length ? villageRow() : null,
      data.roads ? layerRow(words.roads_layer, roadLayer(), stroke(lines.road_major, false), false, null, null) : null,
      layerRow(words.counties_layer, countyLayer(), stroke(lines.county, false), true, null, null),
      namesRow,
    ].filter(Boolean);
  }

  function shareLegend() {
    const classes = fills.slice(0, -2);
    const boxes = classes.map((one) => make('i', {style: `background:${one.fill}`, title: one.label}));
    const ramp = make('div', {class: 'ramp'}, ...boxes);
    const labels = make('div', {class: 'ramp-labels'}, ...classes.map((one) => make('span', {}, one.label)));
    const others = fills.slice(-2).map((one) => make('span', {}, swatch(one.fill), one.label));
    return [ramp, labels, make('div', {class: 'others'}, ...others)];
  }

  function countyRow(row) {
    const name = make('td', {}, row.subject_name);
    if (!row.share_text) return make('tr', {}, name, make('td', {}, words.none), make('td', {}, status[row.status]));
    const bar = make('i', {style: `width:${row.share_text};background:${fills[row.fill].fill}`});
    return make('tr', {}, name, make('td', {}, row.share_text), make('td', {}, make('span', {class: 'bar'}, bar)));
  }

  function cityLines(row) {
    if (!row) return [make('span', {class: 'line'}, words.no_city_row)];
    const counts = ['covered', 'uncovered', 'unreachable']
      .filter((name) => row[name] || (name === 'covered' && row.population))
      .map((name) => `${words[name]} ${people(row[name])}`);
    const share = row.share_text && row.share_text !== row.value_text ? [`${words.share} ${row.share_text}`] : [];
    const left = [...share, ...counts].join('，');
    return [
      make('span', {class: 'big'}, row.value_text || words.none),
      pill(row.status),
      row.estimated ? tag(words.estimated) : null,
      make('span', {class: 'line'}, left),
      make('span', {class: 'line'}, `${words.required}：${row.required_text || words.none}`),
    ];
  }

  function summaryRow(row) {
    const at = pairs.findIndex((one) => one.rule === row.rule && one.reading === row.reading);
    const cells = [row.reading_label, row.value_text || words.none, pill(row.status)];
    const line = make('tr', {'data-pair': at}, ...cells.map((cell) => make('td', {}, cell)));
    if (at >= 0) {
      line.className = 'choosable';
      line.addEventListener('click', () => choose(at));
    }
    return line;
  }

  /** One heading a rule, one row a reading of it. */
  function summaryRows() {
    let rule = null;
    return rowsOf(data.summary).flatMap((row) => {
      const isNew = row.rule !== rule;
      rule = row.rule;
      const required = make('small', {}, `${words.required}：${row.required_text}`);
      const heading = make('th', {colspan: 3, scope: 'rowgroup'}, row.rule_label, required);
      return isNew ? [make('tr', {}, heading), summaryRow(row)] : [summaryRow(row)];
    });
  }

  function choose(at) {
    unpin(null);
    chosen = pairs[at];
    rings.forEach(showRing);
    byId('pair').value = String(at);
    towns.forEach((town) => town.shape.setStyle({fillColor: fillOf(rowOf(town))}));
    drawUncovered();
    const row = chosen.city || chosen.towns.values().next().value;
    fill('chosen', chosen.label);
    fill('reading', chosen.readingLabel ? `${words.reading}：${chosen.readingLabel}` : '');
    fill('city', ...cityLines(chosen.city));
    fill('counties', ...chosen.counties.map(countyRow));
    byId('clause').hidden = !row.quote && !row.document;
    fill('clause', ...(quotation(row) || make('div')).childNodes);
    fill('denominator', `${words.share_meaning}${row.denominator ? `${words.denominator}：${row.denominator}` : ''}`);
    byId('summary').querySelectorAll('tr').forEach((line) => {
      line.classList.toggle('chosen', line.getAttribute('data-pair') === String(at));
    });
    const notes = [words.planned, words.estimated_legend];
    if (!chosen.villages.length) notes.push(words.no_villages);
    if (chosen.villages.some((one) => one.unreachable)) notes.push(words.unreachable_mark);
    fill('legend-notes', notes.join('\n'));
  }

  /* ---- search ---- */

  function goTo(town) {
    byId('search').value = town.name;
    closeMatches();
    map.fitBounds(town.shape.getBounds(), {maxZoom: 13, padding: [60, 60], animate: false});
    town.shape.openTooltip(point(town.at));
    pinned = town.shape;
  }

  /* A tooltip opened by a search stays until another one opens or the question changes. */
  let pinned = null;
  function unpin(next) {
    if (pinned && pinned.getTooltip() !== next) pinned.closeTooltip();
    pinned = null;
  }

  function closeMatches() {
    byId('matches').hidden = true;
    byId('search').setAttribute('aria-expanded', 'false');
  }

  let found = [];
  let active = 0;

  /** Towns whose own name begins with the text, then those that have it elsewhere, then those of such a county. */
  function matching(text) {
    const rank = (town) => {
      if (town.name.startsWith(text)) return 0;
      if (town.name.includes(text)) return 1;
      return town.county.includes(text) ? 2 : 3;
    };
    return towns.filter((town) => rank(town) < 3).sort((one, other) => rank(one) - rank(other));
  }

  function listMatches() {
    const text = byId('search').value.trim();
    found = text ? matching(text).slice(0, 12) : [];
    active = 0;
    const items = found.map((town, at) => {
      const names = [town.name, town.county].map((name) => make('span', {}, name));
      const item = make('li', {role: 'option', id: `match-${at}`}, ...names);
      item.addEventListener('mousedown', (event) => {
        event.preventDefault();
        goTo(town);
      });
      return item;
    });
    fill('matches', ...(items.length ? items : [make('li', {class: 'none'}, words.no_match)]));
    byId('matches').hidden = !text;
    byId('search').setAttribute('aria-expanded', String(Boolean(text)));
    markActive();
  }

  function markActive() {
    byId('matches').querySelectorAll('[role=option]').forEach((item, at) => {
      item.setAttribute('aria-selected', String(at === active));
      if (at === active) item.scrollIntoView({block: 'nearest'});
    });
    if (found.length) byId('search').setAttribute('aria-activedescendant', `match-${active}`);
    else byId('search').removeAttribute('aria-activedescendant');
  }

  function onSearchKey(event) {
    if (event.key === 'Enter' && found.length) goTo(found[active]);
    else if (event.key === 'Escape') closeMatches();
    else if (event.key === 'ArrowDown' && found.length) active = (active + 1) % found.length;
    else if (event.key === 'ArrowUp' && found.length) active = (active + found.length - 1) % found.length;
    else return;
    event.preventDefault();
    markActive();
  }

  /* ---- furniture, controls, paper ---- */

  function writeFurniture() {
    document.title = furniture.title;
    fill('title', furniture.title);
    fill('subtitle', furniture.subtitle);
    fill('notice', furniture.notice);
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
    fill('sources', ...[...furniture.sources, furniture.accuracy].filter(Boolean).map((text) => make('li', {}, text)));
    fill('parameters', ...furniture.parameters.map((text) => make('li', {}, text)));
    fill('inputs', ...furniture.inputs.map(([file, hash]) => make('li', {}, file, make('code', {}, hash))));
  }

  function addControls() {
    const titles = {zoomInTitle: words.zoom_in, zoomOutTitle: words.zoom_out};
    const zoom = L.control.zoom({position: 'topright', ...titles}).addTo(map);
    const button = make('button', {class: 'home', type: 'button'}, words.home);
    L.DomEvent.disableClickPropagation(button);
    button.addEventListener('click', () => {
      unpin(null);
      map.fitBounds(home);
    });
    zoom.getContainer().append(button);
    L.control.scale({imperial: false, maxWidth: 130, position: 'bottomleft'}).addTo(map);
    const arrow = makeSvg('svg', {width: 18, height: 24, viewBox: '0 0 18 24'},
      makeSvg('path', {d: 'M9 1L16 22 9 17z', fill: chrome.ink}),
      makeSvg('path', {d: 'M9 1L2 22 9 17z', fill: chrome.paper, stroke: chrome.ink, 'stroke-width': 1}));
    const compass = L.control({position: 'topleft'});
    compass.onAdd = () => make('div', {class: 'north'}, words.north, arrow);
    compass.addTo(map);
  }

  let seen = null;

  function beforePrint() {
    const isWhole = map.getBounds().contains(home);
    seen = {center: map.getCenter(), zoom: map.getZoom()};
    const view = isWhole ? home : map.getBounds();
    document.documentElement.classList.add('printing');
    map.invalidateSize({animate: false, pan: false});
    map.fitBounds(view, {animate: false, padding: [8, 8]});
  }

  function afterPrint() {
    document.documentElement.classList.remove('printing');
    /* Once the window has its own size again, and Leaflet has answered that. */
    setTimeout(() => {
      map.invalidateSize({animate: false, pan: false});
      map.setView(seen.center, seen.zoom, {animate: false});
    }, 60);
  }

  writeFurniture();
  addControls();
  map.invalidateSize({animate: false, pan: false}); // the texts just written have changed the room for the map
  map.fitBounds(home, {animate: false, padding: [8, 8]});
  map.addLayer(townLayer());
  fill('layers', ...layerRows());
  fill('shares', ...shareLegend());
  fill('summary', ...summaryRows());
  fill('pair', ...pairs.map((one, at) => make('option', {value: at}, `${one.label} — ${one.readingLabel}`)));
  byId('pair').addEventListener('change', () => choose(Number(byId('pair').value)));
  byId('search').addEventListener('input', listMatches);
  byId('search').addEventListener('keydown', onSearchKey);
  byId('search').addEventListener('blur', closeMatches);
  byId('print').addEventListener('click', () => window.print());
  window.addEventListener('beforeprint', beforePrint);
  window.addEventListener('afterprint', afterPrint);
  map.on('zoomend', showTownNames);
  map.on('zoomend', scaleSigns);
  map.on('tooltipopen', (event) => unpin(event.tooltip));
  scaleSigns();
  if (pairs.length) choose(0);
}
