/* Shows the plans of a city: choose an aim (or a case) and a number. Everything here is looked up, nothing is computed;
   text that comes from data is only ever set as text. Plain ES2019. */
function showPlan(map) {
  'use strict';

  const page = planPage(map, 'plan', {panes: ['spokes', 'left'], padding: 14});
  const {sign, placeOf, named, swatched, option} = page;
  const {data, elements, tips} = page.stage;
  const {layerRow, setCount, setName, dotExamples} = page.stage.legend;
  const {towns} = page.layers;
  const {words, fills, lines, marks} = data.style;
  const {byId, make, fill, rowsOf, point, people, dot, stroke, list, card} = elements;
  const {legend} = data;
  const sites = rowsOf(data.sites);
  const demand = rowsOf(data.demand);
  const labels = new Map(legend.states);
  const nobody = fills.length - 1;
  const isBySite = legend.fill === 'site';
  let view = data.views[0];
  let townRows = new Map();

  /* ---- what a tooltip says ---- */

  function townCard(town) {
    const row = townRows.get(town);
    return card(town.name, town.county, row ? list(row[3]) : make('div', {}, words.nobody));
  }

  function siteCard([at, state, decision, reason]) {
    const one = sites[at];
    const known = labels.get(state).includes(decision) ? '' : decision;
    return card(one.name, placeOf(one),
      list([[words.state, [labels.get(state), known].filter(Boolean).join('，')], [words.kind, one.kind],
        [words.grade, one.grade], [words.beds, one.beds && `${one.beds} ${words.beds_unit}`]]),
      make('div', {class: 'reason'}, reason));
  }

  function leftCard([at, state, said]) {
    const one = demand[at];
    return card(one.name, placeOf(one), list([[words.population, people(one.population)],
      [words.state, words[['uncovered', 'unreachable'][state]]], ['', said]]));
  }

  /* ---- what changes with the view ---- */

  const signs = new Map(legend.states.map(([state]) => [state, L.layerGroup()]));
  const left = [L.layerGroup(), L.layerGroup()];
  const spokes = L.layerGroup();
  const counted = new Map();

  function drawSites() {
    const shiftOf = page.layers.shifts();
    signs.forEach((layer) => layer.clearLayers());
    view.sites.forEach((row) => {
      const [at, state] = row;
      const shift = shiftOf(sites[at].at, marks[state].size);
      signs.get(state).addLayer(page.signAt(sites[at].at, state, state, () => siteCard(row), shift));
    });
    signs.forEach((layer, state) => setCount(counted.get(state), layer.getLayers().length));
  }

  function drawTowns() {
    townRows = new Map(view.towns.map((row) => [towns[row[0]], row]));
    page.layers.paintTowns((town) => {
      const row = townRows.get(town);
      return fills[row ? row[1] : nobody].fill;
    });
    spokes.clearLayers();
    view.towns.filter(([, paint, site]) => isBySite && site >= 0 && !fills[paint].label).forEach(([at, , site]) => {
      const ends = [point(towns[at].at), point(sites[site].at)];
      spokes.addLayer(L.polyline(ends, {...data.style.spoke, pane: 'spokes', interactive: false}));
    });
  }

  function drawLeft() {
    left.forEach((layer) => layer.clearLayers());
    [...view.left].sort((one, other) => demand[other[0]].radius - demand[one[0]].radius).forEach((row) => {
      const [at, state] = row;
      const look = {...(state ? lines.unreachable : lines.uncovered), radius: demand[at].radius, pane: 'left', className: 'left'};
      left[state].addLayer(tips.tip(L.circleMarker(point(demand[at].at), look), () => leftCard(row)));
    });
    left.forEach((layer, at) => setCount(counted.get(at), layer.getLayers().length));
    setName(counted.get(0), view.beyond + words.left.uncovered);
    byId('layers').querySelector('.dots').hidden = !view.left.length;
  }

  /* ---- the panel ---- */

  function countedRow(key, name, layer, mark, isOn) {
    counted.set(key, layerRow(name, layer, mark, isOn, {count: 0}));
    return counted.get(key);
  }

  function layerRows() {
    return [
      ...legend.states.map(([state, label]) => countedRow(state, label, signs.get(state), sign(state), !legend.hidden.includes(state))),
      countedRow(0, view.beyond + words.left.uncovered, left[0], dot(lines.uncovered, 5), true),
      dotExamples(),
      countedRow(1, words.left.unreachable, left[1], dot(lines.unreachable, 5), true),
      isBySite ? layerRow(words.spokes, spokes, stroke(data.style.spoke), true) : null,
      ...page.layers.groundRows(),
    ];
  }

  function fillLegend() {
    const used = new Set(data.views.flatMap((one) => one.towns.map((row) => row[1])));
    if (data.views.some((one) => one.towns.length < towns.length)) used.add(nobody);
    const labelled = fills.filter((one, at) => one.label && used.has(at)).map((one) => swatched(one.fill, one.label));
    const bar = (one) => make('i', {style: `background:${one.fill}`, title: one.label});
    if (isBySite) {
      const mixed = make('span', {}, make('span', {class: 'mixed'}, ...fills.slice(0, 4).map(bar)), words.services);
      return [make('div', {class: 'others'}, mixed), make('div', {class: 'others'}, ...labelled)];
    }
    const classes = fills.slice(0, data.style.classes);
    return [
      make('div', {class: 'ramp'}, ...classes.map(bar)),
      make('div', {class: 'ramp-labels'}, ...classes.map((one) => make('span', {}, one.label))),
      make('div', {class: 'others'}, used.has(nobody) ? swatched(fills[nobody].fill, fills[nobody].label) : ''),
      make('p', {class: 'fine'}, words.shares),
    ];
  }

  function showSites() {
    const rank = (row) => legend.listed.indexOf(row[1]);
    const shown = view.sites.filter((row) => rank(row) >= 0).sort((one, other) => rank(one) - rank(other));
    page.showLines('list', ['', ...words.list_head], shown.map((row) => {
      const [at, state, decision, reason] = row;
      const cells = [sign(state), named(sites[at].name, placeOf(sites[at]), reason), decision || labels.get(state)];
      return {cells, go: () => tips.goToSpot(sites[at].at, siteCard(row))};
    }));
  }

  const groups = new Map();
  data.views.forEach((one, at) => groups.set(one.group, [...(groups.get(one.group) || []), at]));

  function choose(at) {
    tips.unpin();
    view = data.views[at];
    byId('group').value = view.group;
    fill('number', ...groups.get(view.group).map((one) => option(one, data.views[one].label)));
    byId('number').value = String(at);
    byId('number').disabled = groups.get(view.group).length < 2;
    byId('group').title = view.group;
    drawTowns();
    drawLeft();
    drawSites();
    page.showFacts(view.facts);
    fill('told', view.note);
    showSites();
    fill('chosen', `${view.group}　${view.label}`);
  }

  /** The same number under another aim where it has it, else its first. */
  function chooseGroup() {
    const places = groups.get(byId('group').value);
    choose(places.find((at) => data.views[at].label === view.label) || places[0]);
  }

  function siteSaid(at) {
    const row = view.sites.find((one) => one[0] === at);
    return row ? siteCard(row) : card(sites[at].name, placeOf(sites[at]));
  }

  function demandSaid(at) {
    const row = view.left.find((one) => one[0] === at);
    return row ? leftCard(row) : card(demand[at].name, placeOf(demand[at]), list([[words.population, people(demand[at].population)]]));
  }

  page.layers.addTowns(townCard);
  fill('layers', ...layerRows());
  fill('fills', ...fillLegend());
  fill('group-label', legend.choices[0]);
  fill('number-label', legend.choices[1]);
  fill('group', ...[...groups.keys()].map((one) => option(one, one)));
  byId('group').disabled = groups.size < 2;
  byId('group').addEventListener('change', chooseGroup);
  byId('number').addEventListener('change', () => choose(Number(byId('number').value)));
  page.find(sites.map((one, at) => [one, one.id, one.town, () => siteSaid(at)]),
    demand.map((one, at) => [one, '', one.town, () => demandSaid(at)]));
  choose(data.first);
}
