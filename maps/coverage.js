/* Shows one city's findings. Everything here is looked up, nothing about coverage is computed; text that comes
   from data is only ever set as text. Plain ES2019. */
function showCoverage(map) {
  'use strict';

  const data = JSON.parse(document.getElementById('coverage-data').textContent);
  const {words, fills, lines, symbols} = data.style;
  const {furniture} = data;
  const elements = mapElements(data.style);
  const {
    byId, make, fill, rowsOf, point, unpacked, outline, number, people, sign, dot, stroke, pill,
    crossAt, closedMark,
  } = elements;
  const {shareLegend, countyRow, cityLines} = mapLegend(data.style, elements);
  const {writeFurniture, addControls} = mapFurniture(map, data, elements);
  const {quotation, findingCard, facilityCard, villageCard} = mapCards(data.style, elements);

  const tipOptions = {className: 'tip', opacity: 1, direction: 'auto', sticky: true};
  const tip = (layer, write) => layer.bindTooltip(write, tipOptions);

  /* ---- layers, from the ground up ---- */

  ['towns', 'roads', 'rings', 'counties', 'villages', 'uncovered', 'decided', 'spot'].forEach((name, at) => {
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
  const villages = rowsOf(data.villages);
  const villagesByCode = new Map(villages.map((village) => [village.code, village]));
  const facilities = rowsOf(data.facilities);
  const counties = rowsOf(data.counties);
  let chosen = pairs[0];

  const rowOf = (town) => (chosen ? chosen.towns.get(town.code) : undefined);
  const isPeople = () => chosen.basis === 'people';
  const fillOf = (row) => fills[row ? row.fill : fills.length - 1].fill;

  function townLayer() {
    const group = L.featureGroup();
    towns.forEach((town) => {
      town.shape = L.polygon(outline(town.outline), {...lines.town, pane: 'towns', className: 'town'});
      tip(town.shape, () => {
        const where = [town.county, town.code].join('　');
        return findingCard(town.name, where, rowOf(town), town.estimated, isPeople());
      });
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

  /** What is closed lies over the open roads, dashed and crossed, and is shown whether they are or not. */
  function closedLayer() {
    const look = {...lines.road_closed, pane: 'rings', interactive: false, className: 'closed-road'};
    return L.layerGroup([L.polyline(data.roads.closed.map(unpacked), look), ...data.roads.crosses.map((at) => crossAt(point(at)))]);
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

  /** A ring around each facility that the scenario opens or changes, shown whatever kinds are. */
  function decidedLayer() {
    const touched = facilities.filter((one) => one.decided);
    const look = {...lines.decided, radius: 13, pane: 'decided', className: 'decided', fill: true, fillOpacity: 0};
    return L.layerGroup(touched.map((one) => tip(L.circleMarker(point(one.at), look), () => facilityCard(one))));
  }

  function villageLayer() {
    const look = {...lines.village, radius: data.style.villageRadius, pane: 'villages', className: 'village'};
    return L.layerGroup(villages.map((one) => tip(L.circleMarker(point(one.at), look), () => villageCard(one))));
  }

  const uncovered = L.layerGroup();
  const detours = mapDetours(data, elements, tip);

  function drawUncovered() {
    uncovered.clearLayers();
    const largestFirst = [...chosen.villages].sort((one, other) => other.radius - one.radius);
    largestFirst.forEach((row) => {
      const look = row.unreachable ? lines.unreachable : lines.uncovered;
      const options = {...look, radius: row.radius, pane: 'uncovered', className: 'uncovered'};
      const where = [row.county_name, row.town_name].filter(Boolean).join('　');
      const marker = L.circleMarker(point(villagesByCode.get(row.subject_code).at), options);
      uncovered.addLayer(tip(marker, () => findingCard(row.subject_name, where, row, false, isPeople())));
    });
  }

  /** The row of the legend counts the settlements of the chosen rule, and is not there for a rule without any. */
  function showDetours() {
    detours.draw(chosen.rule);
    if (!detours.row) return;
    const {length} = detours.ofRule(chosen.rule);
    detours.row.hidden = !length;
    detours.row.querySelector('.count').textContent = number(length);
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
    const detourRow = () => {
      detours.row = layerRow(words.detours_layer, detours.layer, detours.mark(), true, 0, null);
      return detours.row;
    };
    const villageRow = () =>
      layerRow(words.villages_layer, villageLayer(), dot(lines.village, 3), false, villages.length, null);
    const decided = decidedLayer();
    const touched = decided.getLayers().length;
    return [
      touched ? layerRow(words.decided_layer, decided, stroke(lines.decided, true), true, touched, null) : null,
      layerRow(words.uncovered_layer, uncovered, dot(lines.uncovered, 5), true, null, null),
      dotExamples(),
      detours.isKnown ? detourRow() : null,
      ...rings.map(ringRow),
      ...kinds.map(facilityRow),
      villages.length ? villageRow() : null,
      data.roads ? layerRow(words.roads_layer, roadLayer(), stroke(lines.road_major, false), false, null, null) : null,
      data.roads && data.roads.closed.length ? layerRow(words.closed_layer, closedLayer(), closedMark(), true, null, null) : null,
      layerRow(words.counties_layer, countyLayer(), stroke(lines.county, false), true, null, null),
      namesRow,
    ].filter(Boolean);
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

  /** Each rule once, with the places of its readings in `pairs`. */
  const rules = new Map();
  pairs.forEach((one, at) => rules.set(one.rule, [...(rules.get(one.rule) || []), at]));

  function choose(at) {
    unpin();
    const isOtherRule = chosen !== pairs[at] && chosen.rule !== pairs[at].rule;
    chosen = pairs[at];
    rings.forEach(showRing);
    showDetours();
    byId('rule').value = chosen.rule;
    const readings = rules.get(chosen.rule);
    fill('reading', ...readings.map((one) => make('option', {value: one}, pairs[one].readingLabel)));
    byId('reading').value = String(at);
    byId('reading').disabled = readings.length < 2;
    byId('reading').title = chosen.readingLabel;
    towns.forEach((town) => town.shape.setStyle({fillColor: fillOf(rowOf(town))}));
    drawUncovered();
    writeChosen();
    byId('summary').querySelectorAll('tr').forEach((line) => {
      line.classList.toggle('chosen', line.getAttribute('data-pair') === String(at));
    });
    if (isOtherRule) frameJudged();
  }

  function writeChosen() {
    const row = chosen.city || chosen.towns.values().next().value;
    fill('chosen', chosen.label);
    fill('chosen-reading', chosen.readingLabel ? `${words.reading}：${chosen.readingLabel}` : '');
    fill('city', ...cityLines(chosen.city, isPeople()));
    fill('counties', make('caption', {}, words[`bars_${chosen.basis}`]), ...chosen.counties.map((one) => countyRow(one, isPeople())));
    byId('clause').hidden = !row.quote && !row.document;
    fill('clause', ...(quotation(row) || make('div')).childNodes);
    fill('shares', ...shareLegend(chosen));
    fill('denominator', `${words[`meaning_${chosen.basis}`]}：${row.denominator || words.none}`);
    const notes = [words.planned, words.estimated_legend];
    if (!chosen.villages.length) notes.push(words.no_villages);
    if (chosen.villages.some((one) => one.unreachable)) notes.push(words.unreachable_mark);
    fill('legend-notes', notes.join('\n'));
  }

  /* ---- what the map is looking at ---- */

  /* The view that was set here; null once the reader has moved to another. */
  let framed = null;
  let isFraming = false;

  function frame(bounds, options) {
    isFraming = true;
    const size = map.getSize();
    /* A frame of a notebook has no size at first: any view will do until it is resized. */
    if (size.x > 16 && size.y > 16) map.fitBounds(bounds, {animate: false, padding: [8, 8], ...options});
    else map.setView(L.latLngBounds(bounds).getCenter(), 9, {animate: false});
    isFraming = false;
    framed = {bounds, options};
  }

  /** Where a rule is about a few towns only, look at those; leave a view that the reader has chosen otherwise alone. */
  function frameJudged() {
    const judged = towns.filter((town) => fillOf(rowOf(town)) !== fills[fills.length - 1].fill);
    const bounds = judged.reduce((all, town) => all.extend(town.shape.getBounds()), L.latLngBounds([]));
    const isClose = judged.length && map.getBoundsZoom(bounds) >= map.getBoundsZoom(home) + 1.5;
    if (isClose) frame(bounds, {padding: [30, 30]});
    else if (framed) frame(home);
  }

  /* A tooltip opened by a search or a tap stays until another one opens, the map moves, or the question changes. */
  let pinned = null;
  const spot = L.circleMarker([0, 0], {...lines.spot, radius: 11, pane: 'spot', interactive: false});

  function unpin() {
    if (pinned) map.closeTooltip(pinned);
    pinned = null;
    spot.remove();
  }

  function goToTown(town) {
    frame(town.shape.getBounds(), {maxZoom: 13, padding: [60, 60]});
    framed = null;
    town.shape.openTooltip(point(town.at));
  }

  function goToSpot(at, content) {
    map.setView(at, Math.max(map.getZoom(), map.getBoundsZoom(home) + 3), {animate: false});
    spot.setLatLng(at).addTo(map);
    spot.unbindTooltip().bindTooltip(content, {...tipOptions, sticky: false, offset: [14, 0]}).openTooltip();
  }

  function villageSaid(village) {
    const row = chosen && chosen.villages.find((one) => one.subject_code === village.code);
    const where = [village.where, village.code].join('　');
    return row ? findingCard(village.name, where, row, village.estimated, isPeople()) : villageCard(village);
  }

  /** All that can be searched: towns, then villages, then facilities. */
  function searchable() {
    const place = (town, ...more) => [town, ...more].filter(Boolean).join(' ');
    return [
      ...towns.map((one) => ({...one, where: one.county, go: () => goToTown(one)})),
      ...villages.map((one) => (
        {name: one.name, code: one.code, where: one.where, go: () => goToSpot(point(one.at), villageSaid(one))})),
      ...facilities.map((one) => ({
        name: one.name,
        code: one.id,
        where: place(one.town, symbols[one.kind].label),
        go: () => goToSpot(point(one.at), facilityCard(one)),
      })),
    ];
  }

  /* ---- paper ---- */

  let seen = null;

  function beforePrint() {
    const isWhole = map.getBounds().contains(home);
    seen = {center: map.getCenter(), zoom: map.getZoom(), framed};
    const view = isWhole ? home : map.getBounds();
    document.documentElement.classList.add('printing');
    map.invalidateSize({animate: false, pan: false});
    frame(view);
  }

  function afterPrint() {
    document.documentElement.classList.remove('printing');
    /* Once the window has its own size again, and Leaflet has answered that. */
    setTimeout(() => {
      map.invalidateSize({animate: false, pan: false});
      map.setView(seen.center, seen.zoom, {animate: false});
      framed = seen.framed;
    }, 60);
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
  fill('summary', ...summaryRows());
  fill('rule', ...[...rules].map(([rule, [first]]) => make('option', {value: rule}, pairs[first].label)));
  byId('rule').addEventListener('change', () => choose(rules.get(byId('rule').value)[0]));
  byId('reading').addEventListener('change', () => choose(Number(byId('reading').value)));
  mapSearch(searchable(), words, elements, (one) => {
    unpin();
    one.go();
  });
  byId('print').addEventListener('click', () => window.print());
  window.addEventListener('beforeprint', beforePrint);
  window.addEventListener('afterprint', afterPrint);
  window.addEventListener('resize', () => (framed ? frame(framed.bounds, framed.options) : null));
  map.on('moveend', () => {
    if (!isFraming) framed = null;
  });
  map.on('zoomend', showTownNames);
  map.on('zoomend', scaleSigns);
  map.on('preclick zoomstart', unpin);
  map.on('tooltipopen', (event) => {
    if (pinned && pinned !== event.tooltip) map.closeTooltip(pinned);
    if (event.tooltip !== spot.getTooltip()) spot.remove();
    pinned = event.tooltip;
  });
  map.on('tooltipclose', (event) => {
    if (pinned === event.tooltip) pinned = null;
  });
  scaleSigns();
  if (pairs.length) choose(0);
}
