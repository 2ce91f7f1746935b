/* The settlements of 绕行清单: a triangle where the road is too long, a crossed box where there is none. Plain ES2019. */
function mapDetours(stage, layers) {
  'use strict';

  const {data, elements, tips} = stage;
  const {words, detours: signs} = data.style;
  const {make, rowsOf, numbers, people, drawn, tag, pillOf, list, card} = elements;
  const rows = data.detours ? rowsOf(data.detours) : [];
  const layer = L.layerGroup();

  const {paper} = data.style.chrome;
  const sign = (status) => drawn({...signs[status], fill: signs[status].color, line: paper, pen: paper});

  const way = (name, metres) => [name, metres === null ? '' : numbers.kilometres(metres)].filter(Boolean).join('，');

  function rowCard(row) {
    const state = [row.status_label, row.reason_label].filter(Boolean).join('：');
    const pills = make('div', {class: 'pills'}, pillOf('not_judged', state), row.estimated ? tag(words.estimated) : null);
    const where = [row.county_name, row.town_name].filter(Boolean).join('　');
    return card(row.name, where, pills, list([
      [words.population, people(row.population)],
      [words.radius, `${numbers.exact(row.radius_km)} 公里`],
      [words.straight, way(row.paper_facility_name, row.paper_distance_m)],
      [words.by_road, way(row.road_facility_name, row.road_distance_m)],
      [words.detour_factor, row.detour_factor === null ? '' : numbers.number(row.detour_factor)],
    ]));
  }

  const ofRule = (rule) => rows.filter((row) => row.rule === rule);

  /** Draw the settlements of one rule; those that cannot be reached come last, on top. */
  function draw(rule) {
    layer.clearLayers();
    ofRule(rule).forEach((row) => {
      const look = {order: row.status === 'unreachable' ? 2000 : 1000};
      const at = layers.marker(row.at, sign(row.status), signs[row.status].size, `detour ${row.status}`, look);
      layer.addLayer(tips.tip(at, () => rowCard(row)));
    });
  }

  /** The sign as the legend shows it: both of them. */
  const mark = () => make('span', {class: 'pair'}, sign('detour'), sign('unreachable'));

  return {layer, draw, mark, ofRule, isKnown: Boolean(data.detours)};
}

/* What the coverage map draws of a chosen rule: rings, facilities, and the people who are left out. Plain ES2019. */
function coverageLayers(map, stage, layers, cards) {
  'use strict';

  const {data, elements, tips} = stage;
  const {findingCard, facilityCard, villageCard} = cards;
  const {layerRow, setCount, toggle, dotExamples} = stage.legend;
  const {words, lines, symbols} = data.style;
  const {rowsOf, point, sign, dot, stroke} = elements;
  const {furniture} = data;
  const decisions = new Map(furniture.decided);
  const villages = rowsOf(data.villages);
  const placeOf = new Map(villages.map((one) => [one.code, point(one.at)]));
  const facilities = rowsOf(data.facilities).map((one) => ({...one, decided: decisions.get(one.id) || ''}));
  const detours = mapDetours(stage, layers);
  const uncovered = L.layerGroup();
  const rings = furniture.rings.map((ring) => {
    const around = facilities.filter((one) => one.kind === ring.facility_kind && one.status === 'open');
    const look = {...lines.ring, radius: ring.radius_m, pane: 'rings', interactive: false, className: 'ring'};
    return {...ring, circles: L.layerGroup(around.map((one) => L.circle(point(one.at), look))), wanted: L.layerGroup()};
  });
  let detourRow = null;
  let chosen = null;

  /** A ring is drawn while its box is ticked and the chosen rule is one that it belongs to. */
  function showRing(ring) {
    const belongs = !ring.rules.length || (chosen !== null && ring.rules.includes(chosen.rule));
    ring.row.hidden = !belongs;
    toggle(ring.circles, belongs && map.hasLayer(ring.wanted));
  }

  function ringRow(ring) {
    ring.row = layerRow(ring.label, ring.wanted, stroke(lines.ring, true), true, {changed: () => showRing(ring)});
    showRing(ring);
    return ring.row;
  }

  function facilityRows() {
    const shiftOf = layers.shifts();
    const groups = new Map(Object.keys(symbols).map((kind) => [kind, L.layerGroup()]));
    facilities.forEach((one) => {
      const {size} = symbols[one.kind];
      const marker = layers.marker(one.at, sign(one.kind, one.status), size, '', {shift: shiftOf(one.at, size)});
      tips.tip(marker, () => facilityCard(one)).addTo(groups.get(one.kind));
    });
    return [...groups].filter(([, layer]) => layer.getLayers().length).map(([kind, layer]) =>
      layerRow(symbols[kind].label, layer, sign(kind, 'open'), symbols[kind].shown, {count: layer.getLayers().length}));
  }

  /** A ring around each facility that the scenario opens or changes, shown whatever kinds are. */
  function decidedRow() {
    const touched = facilities.filter((one) => one.decided);
    const look = {...lines.decided, radius: 13, pane: 'decided', className: 'decided', fill: true, fillOpacity: 0};
    const marks = touched.map((one) => tips.tip(L.circleMarker(point(one.at), look), () => facilityCard(one)));
    if (!touched.length) return null;
    return layerRow(words.decided_layer, L.layerGroup(marks), stroke(lines.decided, true), true, {count: touched.length});
  }

  function villageRow() {
    const look = {...lines.village, radius: data.style.villageRadius, pane: 'villages', className: 'village'};
    const marks = villages.map((one) => tips.tip(L.circleMarker(point(one.at), look), () => villageCard(one)));
    if (!villages.length) return null;
    return layerRow(words.villages_layer, L.layerGroup(marks), dot(lines.village, 3), false, {count: villages.length});
  }

  function makeDetourRow() {
    if (!detours.isKnown) return null;
    detourRow = layerRow(words.detours_layer, detours.layer, detours.mark(), true, {count: 0});
    return detourRow;
  }

  function rows() {
    return [
      decidedRow(),
      layerRow(words.uncovered_layer, uncovered, dot(lines.uncovered, 5), true),
      dotExamples(),
      makeDetourRow(),
      ...rings.map(ringRow),
      ...facilityRows(),
      villageRow(),
      ...layers.groundRows(),
    ];
  }

  function drawUncovered(isPeople) {
    uncovered.clearLayers();
    [...chosen.villages].sort((one, other) => other.radius - one.radius).forEach((row) => {
      const paint = row.unreachable ? lines.unreachable : lines.uncovered;
      const look = {...paint, radius: row.radius, pane: 'uncovered', className: 'uncovered'};
      const where = [row.county_name, row.town_name].filter(Boolean).join('　');
      const marker = L.circleMarker(placeOf.get(row.subject_code), look);
      tips.tip(marker, () => findingCard(row.subject_name, where, row, false, isPeople)).addTo(uncovered);
    });
  }

  /** Draw anew what depends on the chosen rule and reading. */
  function draw(pair) {
    chosen = pair;
    rings.forEach(showRing);
    drawUncovered(chosen.basis === 'people');
    detours.draw(chosen.rule);
    if (detourRow) setCount(detourRow, detours.ofRule(chosen.rule).length);
  }

  return {villages, facilities, rows, draw};
}

/* Shows one city's findings. Everything here is looked up, nothing about coverage is computed; text that comes
   from data is only ever set as text. Plain ES2019. */
function showCoverage(map) {
  'use strict';

  const stage = mapStage(map, 'coverage', {panes: ['rings', 'villages', 'uncovered', 'decided']});
  const {data, elements, view, tips} = stage;
  const {choosable, fillTable} = stage.rows;
  const {words, fills, symbols} = data.style;
  const {byId, make, fill, rowsOf, pill} = elements;
  const {shareLegend, countyRow, cityLines} = mapLegend(data.style, elements);
  const cards = mapCards(data.style, elements);
  const layers = mapLayers(map, stage);
  const settlements = coverageLayers(map, stage, layers, cards);
  const {towns} = layers;

  const pairs = data.pairs.map((one) => ({
    ...one,
    city: rowsOf(one.city)[0],
    counties: rowsOf(one.counties),
    towns: new Map(rowsOf(one.towns).map((row) => [row.subject_code, row])),
    villages: rowsOf(one.villages),
  }));
  let chosen = pairs[data.first];

  const rowOf = (town) => (chosen ? chosen.towns.get(town.code) : undefined);
  const isPeople = () => Boolean(chosen) && chosen.basis === 'people';
  const fillOf = (row) => fills[row ? row.fill : fills.length - 1].fill;

  function townCard(town) {
    const where = [town.county, town.code].join('　');
    return cards.findingCard(town.name, where, rowOf(town), town.estimated, isPeople());
  }

  /* ---- the panel ---- */

  function summaryRow(row) {
    const at = pairs.findIndex((one) => one.rule === row.rule && one.reading === row.reading);
    const value = row.value_text || words.none;
    const shown = (row.was ? `${row.was} → ${value}` : value) + row.known_text;
    const cells = [row.reading_label, shown, pill(row.status)];
    const line = make('tr', {'data-pair': at}, ...cells.map((cell) => make('td', {}, cell)));
    return at < 0 ? line : choosable(line, () => choose(at));
  }

  /** One heading a rule, one row a reading of it. */
  function summaryRows() {
    let rule = null;
    return rowsOf(data.summary).flatMap((row) => {
      const isNew = row.rule !== rule;
      rule = row.rule;
      const said = [`${words.required}：${row.required_text}`, row.note].filter(Boolean).join('；');
      const required = make('small', {}, said);
      const heading = make('th', {colspan: 3, scope: 'rowgroup'}, row.rule_label, required);
      return isNew ? [make('tr', {}, heading), summaryRow(row)] : [summaryRow(row)];
    });
  }

  /** Each rule once, with the places of its readings in `pairs`. */
  const rules = new Map();
  pairs.forEach((one, at) => rules.set(one.rule, [...(rules.get(one.rule) || []), at]));

  function choose(at) {
    tips.unpin();
    const isOtherRule = chosen.rule !== pairs[at].rule;
    chosen = pairs[at];
    byId('rule').value = chosen.rule;
    const readings = rules.get(chosen.rule);
    fill('reading', ...readings.map((one) => make('option', {value: one}, pairs[one].readingLabel)));
    byId('reading').value = String(at);
    byId('reading').disabled = readings.length < 2;
    byId('reading').title = chosen.readingLabel;
    layers.paintTowns((town) => fillOf(rowOf(town)));
    settlements.draw(chosen);
    writeChosen();
    byId('summary').querySelectorAll('tr').forEach((line) => {
      line.classList.toggle('chosen', line.getAttribute('data-pair') === String(at));
    });
    if (isOtherRule) frameJudged();
  }

  /** The word for what is shown; of what is not judged nothing may be called 达标 or 已判断. */
  const wordOf = (name) => (!chosen.judged && words[`${name}_unjudged`]) || words[name];

  function writeChosen() {
    const row = chosen.city || chosen.towns.values().next().value;
    fill('chosen', chosen.label);
    fill('chosen-reading', chosen.readingLabel ? `${words.reading}：${chosen.readingLabel}` : '');
    fill('city', ...cityLines(chosen.city, isPeople()));
    fill('counties', make('caption', {}, wordOf(`bars_${chosen.basis}`)), ...chosen.counties.map((one) => countyRow(one, isPeople())));
    byId('clause').hidden = !row.quote && !row.document;
    fill('clause', ...(cards.quotation(row) || make('div')).childNodes);
    fill('fills', ...shareLegend(chosen));
    fill('denominator', `${wordOf(`meaning_${chosen.basis}`)}：${row.denominator || words.none}`);
    const notes = [words.planned, words.estimated_legend];
    if (!chosen.villages.length) notes.push(hasNoData() ? words.no_data_villages : words.no_villages);
    if (chosen.villages.some((one) => one.unreachable)) notes.push(words.unreachable_mark);
    fill('legend-notes', notes.join('\n'));
  }

  /** Whether some of it is not known: then nobody may be said to have none left out. */
  const hasNoData = () => [chosen.city, ...chosen.towns.values()].some((row) => row && row.status === 'no_data');

  /** Where a rule is about a few towns only, look at those; leave a view that the reader has chosen otherwise alone. */
  function frameJudged() {
    const judged = towns.filter((town) => fillOf(rowOf(town)) !== fills[fills.length - 1].fill);
    const bounds = judged.reduce((all, town) => all.extend(town.shape.getBounds()), L.latLngBounds([]));
    const isClose = judged.length && map.getBoundsZoom(bounds) >= map.getBoundsZoom(view.home) + 1.5;
    if (isClose) view.frame(bounds, {padding: [30, 30]});
    else if (view.isFramed()) view.frame(view.home);
  }

  /* ---- what can be searched: towns, then villages, then facilities ---- */

  function villageSaid(village) {
    const row = chosen && chosen.villages.find((one) => one.subject_code === village.code);
    const where = [village.where, village.code].join('　');
    return row ? cards.findingCard(village.name, where, row, village.estimated, isPeople()) : cards.villageCard(village);
  }

  function searchable() {
    const villages = settlements.villages.map((one) => (
      {name: one.name, code: one.code, where: one.where, go: () => tips.goToSpot(one.at, villageSaid(one))}));
    const facilities = settlements.facilities.map((one) => ({
      name: one.name,
      code: one.id,
      where: [one.town, symbols[one.kind].label].filter(Boolean).join(' '),
      go: () => tips.goToSpot(one.at, cards.facilityCard(one)),
    }));
    return [...layers.townEntries(), ...villages, ...facilities];
  }

  layers.addTowns(townCard);
  fill('layers', ...settlements.rows());
  fillTable('summary', [], summaryRows());
  fill('rule', ...[...rules].map(([rule, [first]]) => make('option', {value: rule}, pairs[first].label)));
  byId('rule').addEventListener('change', () => choose(rules.get(byId('rule').value)[0]));
  byId('reading').addEventListener('change', () => choose(Number(byId('reading').value)));
  mapSearch(searchable(), words, elements);
  if (pairs.length) choose(data.first);
}
