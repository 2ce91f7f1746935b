/* Shows community centres and their districts, planned and as they are. Everything here is looked up, nothing is
   computed; text that comes from data is only ever set as text. Plain ES2019. */
function showCenters(map) {
  'use strict';

  function atHome() {
    byId('county').value = '';
    draw();
  }

  const page = planPage(map, 'centers', {panes: ['links', 'communities', 'beyond'], padding: 34, atHome});
  const {sign, signAt, placeOf, named, swatched, option} = page;
  const {data, elements, view, tips} = page.stage;
  const {layerRow, setCount, toggle} = page.stage.legend;
  const {towns, written, shifts} = page.layers;
  const {words, marks, chrome, looks} = data.style;
  const {byId, make, fill, point, numbers, people, stroke, dot, list, card} = elements;
  const {communities, centers, posts} = data;
  const labels = new Map(data.labels);
  const centerOf = new Map(centers.map((one) => [one.id, one]));
  const areaOf = new Map(data.areas ? communities.map((one) => [one.id, one]) : []);
  let time = 'planned';

  Object.assign(map.createPane('loads').style, {zIndex: 630, pointerEvents: 'none'});

  const isPlanned = () => time === 'planned';
  const paintOf = (id) => data.paints[time][id] || chrome.paper;

  /* What is shown: of the chosen time and county, and the centres of another county that serve its people. */
  const isHere = (one) => [one.county, ''].includes(byId('county').value);
  const shownCommunities = () => communities.filter(isHere);
  const shownPosts = () => posts.filter((one) => isHere(one) && (isPlanned() ? !one.upgraded : one.kind === 'chs'));
  function shownCenters() {
    const serving = new Set(shownCommunities().map((one) => one[time]));
    return centers.filter((one) => (isPlanned() || one.origin === 'standing') && (isHere(one) || serving.has(one.id)));
  }
  const beyondOf = (one) => one[`beyond_${time}`];
  const loadOf = (one) => (isPlanned() ? one.planned : one.today);

  /* Several centres of one community serve its district together: the first has it, those beside it are in its total. */
  const isBeside = (one) => isPlanned() && one.planned !== null && one.district !== one.id;
  const sharing = (one) => (isPlanned() && one.planned !== null && one.sharing > 1 ? `${one.sharing} ${words.sharing}` : '');

  /* Circles are small on the whole city and grow as one zooms in. */
  const grown = () => Math.max(0.45, Math.min(1.2, 0.45 + 0.25 * view.closer()));
  const radius = (one) => Math.min(15, 3 + Math.sqrt(one.people) * 0.075) * grown();
  const ringRadius = (one) => (data.areas ? 8 : radius(one)) + 1.5;

  /* ---- what a tooltip says ---- */

  const communityCard = (one) => card(one.name, placeOf(one), list([[words.population, people(one.people)], ...one.said]));
  const centerCard = (one) => card(one.name, [labels.get(one.origin), one.where].join('　'), list(one.said));
  const postCard = (one) => card(one.name, [labels.get(one.kind), one.where].join('　'));

  function townCard(town) {
    if (areaOf.has(town.code)) return communityCard(areaOf.get(town.code));
    return card(town.name, town.county, town.plan ? list(town.plan.said) : make('div', {}, words.off));
  }

  /* ---- what changes with the time ---- */

  const dotLayer = L.layerGroup();
  const lineLayer = L.layerGroup();
  const beyondLayer = L.layerGroup();
  const loadLayer = L.layerGroup();
  const loadsWanted = L.layerGroup();
  const signLayers = new Map(data.labels.map(([kind]) => [kind, L.layerGroup()]));
  const counted = new Map();

  function townPaint(town) {
    if (!isHere(town)) return chrome.ground;
    if (areaOf.has(town.code)) return paintOf(areaOf.get(town.code)[time]);
    return town.plan ? data.style.served_fill : data.style.none_fill;
  }

  function drawCommunity(one) {
    const center = centerOf.get(one[time]);
    if (center) L.polyline([point(one.at), point(center.at)], {...looks.link, pane: 'links', interactive: false}).addTo(lineLayer);
    if (!data.areas) {
      const look = {...looks.community, radius: radius(one), fillColor: paintOf(one[time]), pane: 'communities', className: 'community'};
      one.dot = tips.tip(L.circleMarker(point(one.at), look), () => communityCard(one)).addTo(dotLayer);
    }
    if (!beyondOf(one)) return;
    const look = {...looks.beyond, radius: ringRadius(one), pane: 'beyond', interactive: false};
    one.ring = L.circleMarker(point(one.at), look).addTo(beyondLayer);
  }

  function loadText(one) {
    if (isBeside(one)) return words.joined;
    if (loadOf(one) === null) return words.no_center;
    return [numbers.wan(loadOf(one)), sharing(one)].filter(Boolean).join('，');
  }

  function draw() {
    const shiftOf = shifts();
    [dotLayer, lineLayer, beyondLayer, loadLayer, ...signLayers.values()].forEach((layer) => layer.clearLayers());
    shownCommunities().forEach(drawCommunity);
    shownCenters().forEach((one) => {
      const shift = shiftOf(one.at, marks[one.origin].size);
      signAt(one.at, one.origin, 'center', () => centerCard(one), shift).addTo(signLayers.get(one.origin));
      written(one.at, loadText(one), isBeside(one) ? 'load beside' : 'load', 'loads').addTo(loadLayer);
    });
    shownPosts().forEach((one) => signAt(one.at, one.kind, one.kind, () => postCard(one)).addTo(signLayers.get(one.kind)));
    [...signLayers, ['communities', dotLayer], ['beyond', beyondLayer]].filter(([kind]) => counted.has(kind))
      .forEach(([kind, layer]) => setCount(counted.get(kind), layer.getLayers().length));
    page.layers.paintTowns(townPaint);
    page.showFacts(data.facts[time][byId('county').value] || []);
    showCenterLines();
    showTownLines();
    fill('fills', ...fillLegend());
    fill('chosen', [byId('view'), byId('county')].map((one) => one.selectedOptions[0].textContent).join('　'));
  }

  function zoomed() {
    toggle(loadLayer, map.hasLayer(loadsWanted) && (centers.length < 6 || view.closer() >= 0.75));
    communities.forEach((one) => {
      if (one.dot) one.dot.setRadius(radius(one));
      if (one.ring) one.ring.setRadius(ringRadius(one));
    });
  }

  /* ---- the panel ---- */

  function countedRow(kind, ...more) {
    counted.set(kind, layerRow(...more, true, {count: 0}));
    return counted.get(kind);
  }

  function layerRows() {
    const ring = dot({...looks.beyond, fillColor: 'none'}, 6);
    return [
      ...data.labels.map(([kind, label]) => countedRow(kind, label, signLayers.get(kind), sign(kind))),
      layerRow(words.loads, loadsWanted, '', true, {changed: zoomed}),
      data.areas ? null : countedRow('communities', words.communities, dotLayer, dot(looks.community, 6)),
      layerRow(words.lines, lineLayer, stroke(looks.link), true),
      countedRow('beyond', words.beyond_layer, beyondLayer, ring),
      ...page.layers.groundRows(),
    ];
  }

  function fillLegend() {
    const none = shownCommunities().some((one) => !one[time]) ? [swatched(chrome.paper, words.no_center)] : [];
    const outside = byId('county').value ? [swatched(chrome.ground, words.outside)] : [];
    return [make('p', {class: 'fine'}, data.areas ? words.meaning_areas : words.meaning_points),
      make('div', {class: 'others'}, ...none, swatched(data.style.none_fill, words.off), ...outside)];
  }

  function showCenterLines() {
    page.showLines('list', ['', ...words.list_head], shownCenters().map((one) => {
      const first = centerOf.get(one.district);
      const paint = make('i', {style: `background:${paintOf(isBeside(one) ? first.id : one.id)}`});
      const state = make('small', {class: 'over'}, isPlanned() ? one.state_planned : one.state_today);
      const load = loadOf(one) === null ? words.no_center : people(loadOf(one));
      const said = isBeside(one) ? named(words.joined, first.name) : [...named(load, sharing(one)), state];
      return {cells: [sign(one.origin), [paint, ...named(one.name, one.where)], said], go: () => tips.goToSpot(one.at, centerCard(one))};
    }));
  }

  /** What is advised is the plan's: today's view has none of it. */
  function showTownLines() {
    byId('towns').closest('section').hidden = !isPlanned();
    page.showLines('towns', words.town_head, towns.filter((town) => town.plan && isHere(town)).map((town) => (
      {cells: [named(town.name, town.county), String(town.plan.needed), town.plan.proposal], go: () => tips.goToTown(town)})));
  }

  function chooseCounty() {
    const mine = shownCommunities().map((one) => point(one.at));
    tips.unpin();
    draw();
    if (byId('county').value) view.frame(L.latLngBounds(mine).pad(0.05), {maxZoom: 14});
    else view.frame(view.home);
  }

  page.layers.addTowns(townCard);
  fill('view', ...['planned', 'today'].map((one, at) => option(one, words.views[at])));
  fill('county', option('', words.everywhere), ...[...new Set(communities.map((one) => one.county))].map((one) => option(one, one)));
  fill('layers', ...layerRows());
  draw();
  byId('view').addEventListener('change', () => {
    time = byId('view').value;
    tips.unpin();
    draw();
  });
  byId('county').addEventListener('change', chooseCounty);
  page.find(communities.map((one) => [one, one.id, one.town, () => communityCard(one)]),
    centers.map((one) => [one, one.id, one.where, () => centerCard(one)]));
  map.on('zoomend resize', zoomed);
  zoomed();
}
