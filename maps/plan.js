/* Shows the plans of a city: choose an aim (or a case) and a number. Everything here is looked up, nothing is computed;
   text that comes from data is only ever set as text. Plain ES2019. */
function showPlan(map) {
  'use strict';

  const data = JSON.parse(document.getElementById('plan-data').textContent);
  const {words, fills, lines, marks, chrome} = data.style;
  const {legend} = data;
  const elements = mapElements(data.style);
  const {byId, make, makeSvg, fill, rowsOf, point, unpacked, outline, number, people, dot, stroke, swatch, list} = elements;
  const {writeFurniture, addControls} = mapFurniture(map, data, elements);
  const tipOptions = {className: 'tip', opacity: 1, direction: 'auto', sticky: true};
  const tip = (layer, write) => layer.bindTooltip(write, tipOptions);

  ['towns', 'roads', 'counties', 'spokes', 'left', 'spot'].forEach((name, at) => {
    map.createPane(name).style.zIndex = 400 + at * 10;
  });
  Object.assign(map.createPane('names').style, {zIndex: 620, pointerEvents: 'none'});

  const [west, south, east, north] = data.bounds.map((value) => value / 1e5);
  const home = L.latLngBounds([south, west], [north, east]);
  const towns = rowsOf(data.towns);
  const counties = rowsOf(data.counties);
  const sites = rowsOf(data.sites);
  const demand = rowsOf(data.demand);
  const labels = new Map(legend.states);
  const nobody = fills.length - 1;
  let view = data.views[0];
  let townRows = new Map();

  const card = (name, where, ...parts) => make('div', {}, make('h3', {}, name), make('div', {class: 'where'}, where), ...parts);
  const placeOf = (one) => [one.county_name, one.town_name].filter(Boolean).join('　');

  function sign(state) {
    const mark = marks[state];
    const box = makeSvg('svg', {width: mark.size, height: mark.size, viewBox: '0 0 24 24', 'aria-hidden': 'true'});
    const width = 1.7 * 20 / mark.size;
    box.append(makeSvg('path', {d: mark.outline, fill: mark.fill, stroke: mark.line, 'stroke-width': width}));
    if (mark.glyph) {
      box.append(makeSvg('path', {d: mark.glyph, fill: 'none', stroke: mark.pen, 'stroke-width': mark.size < 20 ? 2 : 2.6, 'stroke-linecap': 'round'}));
    }
    return box;
  }

  /* ---- what a tooltip says ---- */

  function townCard(town, at) {
    const row = townRows.get(at);
    return card(town.name, town.county, row ? list(row[3]) : make('div', {}, words.nobody));
  }

  function siteCard([at, state, decision, reason]) {
    const one = sites[at];
    return card(one.name, placeOf(one),
      list([[words.state, [labels.get(state), labels.get(state).includes(decision) ? '' : decision].filter(Boolean).join('，')],
        ['类型', one.kind], [words.grade, one.grade], [words.beds, one.beds && `${one.beds} ${words.beds_unit}`]]),
      make('div', {class: 'reason'}, reason));
  }

  function leftCard([at, state, said]) {
    const one = demand[at];
    return card(one.name, placeOf(one), list([[words.population, people(one.population)],
      [words.state, words[['uncovered', 'unreachable'][state]]], ['', said]]));
  }

  /* ---- layers, from the ground up ---- */

  function townLayer() {
    const group = L.featureGroup();
    towns.forEach((town, at) => {
      town.shape = L.polygon(outline(town.outline), {...lines.town, pane: 'towns', className: 'town'});
      tip(town.shape, () => townCard(town, at));
      town.shape.on('mouseover', () => town.shape.setStyle(lines.town_hover).bringToFront());
      town.shape.on('mouseout', () => town.shape.setStyle(lines.town));
      town.shape.on('add', () => town.shape.getElement().setAttribute('data-code', town.code));
      group.addLayer(town.shape);
    });
    return group;
  }

  function named(one, className) {
    const icon = L.divIcon({className: `place ${className}`, html: make('span', {}, one.name), iconSize: [0, 0]});
    return L.marker(point(one.at), {icon, pane: 'names', interactive: false, keyboard: false});
  }

  function countyLayer() {
    const line = {...lines.county, pane: 'counties', interactive: false};
    return L.layerGroup([...counties.map((one) => L.polygon(outline(one.outline), line)),
      ...counties.map((one) => named(one, 'county'))]);
  }

  function roadLayer() {
    const path = (kind) =>
      L.polyline(data.roads[kind].map(unpacked), {...lines[`road_${kind}`], pane: 'roads', interactive: false});
    return L.layerGroup([path('minor'), path('major')]);
  }

  const layers = new Map(legend.states.map(([state]) => [state, L.layerGroup()]));
  const leftLayers = [L.layerGroup(), L.layerGroup()];
  const spokes = L.layerGroup();
  const counts = new Map();
  const spokeLine = {color: '#5b3a8c', weight: 1.3, opacity: 0.75, dashArray: '4 3', fill: false};

  function drawSites() {
    layers.forEach((layer) => layer.clearLayers());
    const taken = new Map();
    view.sites.forEach((row) => {
      const [at, state] = row;
      const {size} = marks[state];
      const spot = sites[at].at.join();
      const shift = taken.has(spot) ? taken.get(spot) + size / 2 : 0;
      taken.set(spot, shift + size / 2);
      const html = make('span', {style: `--shift:${shift}px`}, sign(state));
      const icon = L.divIcon({className: `sign ${state}`, html, iconSize: [size, size]});
      const marker = L.marker(point(sites[at].at), {icon, keyboard: false, zIndexOffset: size * 40});
      layers.get(state).addLayer(tip(marker, () => siteCard(row)));
    });
    layers.forEach((layer, state) => counts.get(state)(layer.getLayers().length));
  }

  function drawTowns() {
    townRows = new Map(view.towns.map((row) => [row[0], row]));
    spokes.clearLayers();
    towns.forEach((town, at) => {
      const row = townRows.get(at);
      town.shape.setStyle({fillColor: fills[row ? row[1] : nobody].fill});
      const isService = legend.fill === 'site' && row && row[2] >= 0 && !fills[row[1]].label;
      if (isService) {
        const ends = [point(town.at), point(sites[row[2]].at)];
        spokes.addLayer(L.polyline(ends, {...spokeLine, pane: 'spokes', interactive: false}));
      }
    });
  }

  function drawLeft() {
    leftLayers.forEach((layer) => layer.clearLayers());
    [...view.left].sort((one, other) => demand[other[0]].radius - demand[one[0]].radius).forEach((row) => {
      const [at, state] = row;
      const look = state ? lines.unreachable : lines.uncovered;
      const options = {...look, radius: demand[at].radius, pane: 'left', className: 'left'};
      leftLayers[state].addLayer(tip(L.circleMarker(point(demand[at].at), options), () => leftCard(row)));
    });
    leftLayers.forEach((layer, at) => counts.get(`left-${at}`)(layer.getLayers().length));
    byId('layers').querySelector('.dots').hidden = !view.left.length;
  }

  /* ---- the panel ---- */

  /** A row of the legend; with a key, its count follows the chosen view, and it hides where there is nothing. */
  function layerRow(name, layer, mark, isOn, key) {
    const box = make('input', {type: 'checkbox', 'data-layer': name});
    const total = key ? make('span', {class: 'count'}) : null;
    const item = make('li', {class: name.length > 9 ? 'wide' : ''});
    item.append(make('label', {}, box, make('span', {class: 'mark'}, mark || ''), make('span', {}, name), total || ''));
    if (key) {
      counts.set(key, (count) => {
        total.textContent = number(count);
        item.hidden = !count;
      });
    }
    const show = () => {
      item.classList.toggle('off', !box.checked);
      if (box.checked) map.addLayer(layer);
      else map.removeLayer(layer);
    };
    box.checked = isOn;
    box.addEventListener('change', show);
    show();
    return item;
  }

  const townNames = L.layerGroup(towns.map((town) => named(town, 'town')));
  const namesWanted = L.layerGroup();
  function showTownNames() {
    const isRoom = map.hasLayer(namesWanted) && map.getZoom() >= map.getBoundsZoom(home) + 1;
    if (isRoom) map.addLayer(townNames);
    else map.removeLayer(townNames);
  }

  function layerRows() {
    const leftRow = (at) => layerRow(words.left[['uncovered', 'unreachable'][at]], leftLayers[at],
      dot(at ? lines.unreachable : lines.uncovered, 5), true, `left-${at}`);
    const examples = data.style.dots.map((one) => make('span', {}, dot(lines.uncovered, one.radius), people(one.people)));
    const namesRow = layerRow(words.names_layer, namesWanted, '', true, '');
    namesRow.classList.add('no-print');
    namesRow.querySelector('input').addEventListener('change', showTownNames);
    return [
      ...legend.states.map(([state, label]) => layerRow(label, layers.get(state), sign(state), !legend.hidden.includes(state), state)),
      leftRow(0),
      make('li', {class: 'dots wide'}, ...examples),
      leftRow(1),
      legend.fill === 'site' ? layerRow(words.spokes, spokes, stroke({...spokeLine}, false), true, '') : null,
      data.roads ? layerRow(words.roads_layer, roadLayer(), stroke(lines.road_major, false), false, '') : null,
      layerRow(words.counties_layer, countyLayer(), stroke(lines.county, false), true, ''),
      namesRow,
    ].filter(Boolean);
  }

  function fillLegend() {
    const used = new Set(data.views.flatMap((one) => one.towns.map((row) => row[1])));
    if (data.views.some((one) => one.towns.length < towns.length)) used.add(nobody);
    const swatched = (one) => make('span', {}, swatch(one.fill), one.label);
    if (legend.fill === 'site') {
      const mixed = make('span', {}, make('span', {class: 'mixed'}, ...fills.slice(0, 4).map((one) => make('i', {style: `background:${one.fill}`}))), words.services);
      return [make('div', {class: 'others'}, mixed), make('div', {class: 'others'}, ...fills.filter((one, at) => one.label && used.has(at)).map(swatched))];
    }
    const classes = fills.slice(0, data.style.classes);
    return [
      make('div', {class: 'ramp'}, ...classes.map((one) => make('i', {style: `background:${one.fill}`, title: one.label}))),
      make('div', {class: 'ramp-labels'}, ...classes.map((one) => make('span', {}, one.label))),
      make('div', {class: 'others'}, used.has(nobody) ? swatched(fills[nobody]) : ''),
      make('p', {class: 'fine'}, words.shares),
    ];
  }

  function listRows() {
    const head = make('tr', {class: 'head'}, make('th', {}), ...words.list_head.map((text) => make('th', {scope: 'col'}, text)));
    const rank = (row) => legend.listed.indexOf(row[1]);
    const shown = view.sites.filter((row) => rank(row) >= 0).sort((one, other) => rank(one) - rank(other));
    return [head, ...shown.map((row) => {
      const [at, state, decision, reason] = row;
      const name = make('td', {}, make('span', {}, sites[at].name), make('small', {}, placeOf(sites[at])), make('small', {}, reason));
      const line = make('tr', {}, make('td', {}, sign(state)), name, make('td', {}, decision || labels.get(state)));
      line.addEventListener('click', () => goToSpot(point(sites[at].at), siteCard(row)));
      return line;
    })];
  }

  function facts() {
    return view.facts.flatMap(([term, text], at) =>
      [make('dt', {}, term), make('dd', {class: at ? '' : 'strong'}, text)]);
  }

  const groups = new Map();
  data.views.forEach((one, at) => groups.set(one.group, [...(groups.get(one.group) || []), at]));

  function choose(at) {
    unpin();
    view = data.views[at];
    byId('group').value = view.group;
    fill('number', ...groups.get(view.group).map((one) => make('option', {value: one}, data.views[one].label)));
    byId('number').value = String(at);
    byId('number').disabled = groups.get(view.group).length < 2;
    byId('group').title = view.group;
    drawTowns();
    drawLeft();
    drawSites();
    fill('facts', ...facts());
    fill('view-note', view.note);
    fill('list', ...listRows());
    fill('chosen', `${view.group}　${view.label}`);
  }

  /** The same number under another aim where it has it, else its first. */
  function chooseGroup() {
    const places = groups.get(byId('group').value);
    choose(places.find((at) => data.views[at].label === view.label) || places[0]);
  }

  /* ---- finding, and paper ---- */

  const spot = L.circleMarker([0, 0], {...lines.spot, radius: 14, pane: 'spot', interactive: false});
  const frame = (bounds) => map.fitBounds(bounds, {animate: false, padding: [14, 14]});
  let pinned = null;

  function unpin() {
    if (pinned) map.closeTooltip(pinned);
    pinned = null;
    spot.remove();
  }

  function goToSpot(at, content) {
    unpin();
    map.setView(at, Math.max(map.getZoom(), map.getBoundsZoom(home) + 1.5), {animate: false});
    spot.setLatLng(at).addTo(map);
    spot.unbindTooltip().bindTooltip(content, {...tipOptions, sticky: false, offset: [16, 0]}).openTooltip();
  }

  function goToTown(town) {
    unpin();
    map.fitBounds(town.shape.getBounds(), {animate: false, maxZoom: 13, padding: [60, 60]});
    town.shape.openTooltip(point(town.at));
  }

  function siteSaid(at) {
    const row = view.sites.find((one) => one[0] === at);
    return row ? siteCard(row) : card(sites[at].name, placeOf(sites[at]));
  }

  function demandSaid(at) {
    const row = view.left.find((one) => one[0] === at);
    return row ? leftCard(row) : card(demand[at].name, placeOf(demand[at]), list([[words.population, people(demand[at].population)]]));
  }

  const searchable = [
    ...towns.map((one) => ({...one, where: one.county, go: () => goToTown(one)})),
    ...sites.map((one, at) => ({name: one.name, code: one.id, where: one.town_name, go: () => goToSpot(point(one.at), siteSaid(at))})),
    ...demand.map((one, at) => ({name: one.name, code: '', where: one.town_name, go: () => goToSpot(point(one.at), demandSaid(at))})),
  ];

  let seen = null;

  function beforePrint() {
    seen = {center: map.getCenter(), zoom: map.getZoom()};
    const shown = map.getBounds().contains(home) ? home : map.getBounds();
    document.documentElement.classList.add('printing');
    map.invalidateSize({animate: false, pan: false});
    frame(shown);
  }

  function afterPrint() {
    document.documentElement.classList.remove('printing');
    setTimeout(() => {
      map.invalidateSize({animate: false, pan: false});
      map.setView(seen.center, seen.zoom, {animate: false});
    }, 60);
  }

  function scaleSigns() {
    const closer = map.getZoom() - map.getBoundsZoom(home);
    const scale = Math.max(0.72, Math.min(1, 0.72 + 0.14 * closer));
    map.getContainer().style.setProperty('--sign-scale', scale.toFixed(2));
  }

  writeFurniture();
  addControls(() => {
    unpin();
    frame(home);
  });
  map.invalidateSize({animate: false, pan: false}); // the texts just written have changed the room for the map
  frame(home);
  map.addLayer(townLayer());
  fill('layers', ...layerRows());
  fill('fills', ...fillLegend());
  fill('group-label', legend.choices[0]);
  fill('number-label', legend.choices[1]);
  fill('group', ...[...groups.keys()].map((one) => make('option', {value: one}, one)));
  byId('group').disabled = groups.size < 2;
  byId('group').addEventListener('change', chooseGroup);
  byId('number').addEventListener('change', () => choose(Number(byId('number').value)));
  mapSearch(searchable, words, elements, (one) => one.go());
  byId('print').addEventListener('click', () => window.print());
  window.addEventListener('beforeprint', beforePrint);
  window.addEventListener('afterprint', afterPrint);
  map.on('zoomend', showTownNames);
  map.on('zoomend', scaleSigns);
  map.on('preclick zoomstart', unpin);
  map.on('tooltipopen', (event) => {
    if (pinned && pinned !== event.tooltip) map.closeTooltip(pinned);
    pinned = event.tooltip;
  });
  map.on('tooltipclose', (event) => {
    if (pinned === event.tooltip) pinned = null;
  });
  scaleSigns();
  choose(data.first);
}
