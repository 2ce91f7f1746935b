/* Shows a rural plan: choose a team and a day. Everything here is looked up, nothing is computed; text that comes from
   data is only ever set as text. Plain ES2019. */
function showRural(map) {
  'use strict';

  const page = planPage(map, 'rural', {panes: ['routes'], padding: 14});
  const {sign, signAt, placeOf, named, swatched, option} = page;
  const {data, elements, view, tips} = page.stage;
  const {layerRow} = page.stage.legend;
  const {towns, written} = page.layers;
  const {words, symbols, route: routeLook} = data.style;
  const {byId, make, fill, unpacked, number, people, stroke, list, card} = elements;
  const {villages, hosts} = data;
  const routes = data.duty ? data.duty.routes : [];
  const labels = new Map(data.kinds);
  const links = new Map(data.links.map(([level, label, paint]) => [level, {label, paint}]));
  const none = {label: words.none, paint: data.style.none_fill};
  const linkOf = (town) => (town.link && links.get(town.link.weakest)) || none;

  Object.assign(map.createPane('orders').style, {zIndex: 630, pointerEvents: 'none'});

  /* ---- what a tooltip says ---- */

  function villageCard(one) {
    return card(one.name, placeOf(one),
      list([[words.population, people(one.people)], [words.served, labels.get(one.kind)], [words.host, one.host],
        [words.chain, one.chain], [words.weakest, one.weakest], [words.beyond, one.across]]),
      make('div', {class: 'reason'}, one.why));
  }

  function townCard(town) {
    if (!town.link) return card(town.name, town.county, make('div', {}, words.no_town));
    const count = `${town.link.villages} 个，${town.link.people}`;
    return card(town.name, town.county, list([[words.villages, count], [words.weakest, linkOf(town).label], ...town.link.said]));
  }

  const hostCard = (one) => card(one.name, one.label, list([[words.serves, `${number(one.villages)} 个`]]));
  const routeCard = (route) => card(nameOf(route), daysOf(route), list(routeFacts(route)));

  /* ---- the rounds ---- */

  const routeLayer = L.layerGroup();
  const orderLayer = L.layerGroup();
  const nameOf = (route) => `${route.name}　第 ${route.team} 队`;
  const daysOf = (route) => `第 ${route.days.join('、')} 个工作日`;
  const groups = new Map();
  routes.forEach((route, at) => {
    const key = `${route.hospital}|${route.team}`;
    groups.set(key, [...(groups.get(key) || []), at]);
  });

  function drawRoutes(shown, isOne) {
    routeLayer.clearLayers();
    orderLayer.clearLayers();
    const look = {...routeLook, weight: isOne ? 3.5 : routeLook.weight, pane: 'routes', className: 'route'};
    shown.forEach((route) => route.lines.forEach((line) => {
      tips.tip(L.polyline(unpacked(line), look), () => routeCard(route)).addTo(routeLayer);
    }));
    const stops = isOne ? shown[0].stops : [];
    stops.forEach(([at], order) => written(villages[at].at, String(order + 1), 'order', 'orders').addTo(orderLayer));
  }

  const routeFacts = (route) => [[words.villages, `${number(route.stops.length)} 个`], ['行程', route.km],
    ['共计', `${route.hours}，${route.back} 回院`]];

  function overview(shown) {
    const sum = (count) => number(shown.reduce((total, route) => total + count(route), 0));
    const {left} = data.duty;
    const isAll = shown.length === routes.length;
    const lost = left.length && isAll ? `${number(left.length)} 个：${left.join('；')}` : '';
    return [['巡回的村', `${sum((route) => route.stops.length)} 个`], ['每月队日', sum((route) => route.days.length)],
      ['路线', `${number(shown.length)} 条`], ['当天去不了', lost]];
  }

  function showDuty(stops) {
    const heads = stops.length ? words.duty_head : [];
    page.showLines('duty', heads, stops.map(([at, arrive, leave], order) => {
      const one = villages[at];
      return {cells: [String(order + 1), one.name, `${arrive}—${leave}`], go: () => tips.goToSpot(one.at, villageCard(one))};
    }));
  }

  /** Shows all routes, those of a team, or one day of it. */
  function choose(team, at) {
    const isOne = at !== '';
    const mine = team ? groups.get(team).map((one) => routes[one]) : routes;
    const shown = isOne ? [routes[Number(at)]] : mine;
    tips.unpin();
    byId('team').value = team;
    fill('day', option('', words.every), ...(team ? groups.get(team).map((one) => option(one, daysOf(routes[one]))) : []));
    byId('day').value = at;
    byId('day').disabled = !team;
    drawRoutes(shown, isOne);
    page.showFacts(isOne ? routeFacts(shown[0]) : overview(shown));
    showDuty(isOne ? shown[0].stops : []);
    fill('chosen', [team ? nameOf(shown[0]) : words.all, isOne ? daysOf(shown[0]) : words.every].join('　'));
    const ends = shown.flatMap((route) => route.lines.flatMap(unpacked));
    if (team && ends.length) view.visit(L.latLngBounds(ends), {padding: [50, 50], maxZoom: 12});
  }

  /* ---- the panel ---- */

  const ofKind = (kind) => villages.filter((one) => one.kind === kind);
  const villageSigns = [];
  const hostSigns = [];

  function kindLayer(kind) {
    const signs = ofKind(kind).map((one) => signAt(one.at, kind, kind, () => villageCard(one)));
    if (kind !== 'clinic') villageSigns.push(...signs);
    return L.layerGroup(signs);
  }

  function hostRow() {
    const signs = hosts.map((one) => tips.tip(
      page.layers.marker(one.at, elements.sign(one.kind, 'open'), symbols[one.kind].size, 'host', {order: 2000}), () => hostCard(one)));
    hostSigns.push(...signs);
    const mark = make('span', {class: 'pair'}, ...Object.keys(symbols).map((kind) => elements.sign(kind, 'open')));
    return layerRow(words.hosts, L.layerGroup(signs), mark, true, {count: hosts.length});
  }

  function layerRows() {
    const rounds = L.layerGroup([routeLayer, orderLayer]);
    const kinds = data.kinds.filter(([kind]) => ofKind(kind).length || kind !== 'no_data');
    return [
      ...kinds.map(([kind, label]) => layerRow(label, kindLayer(kind), sign(kind), true, {count: ofKind(kind).length})),
      hosts.length ? hostRow() : null,
      routes.length ? layerRow(words.routes, rounds, stroke(routeLook), true, {count: routes.length}) : null,
      ...page.layers.groundRows(),
    ];
  }

  function fillLegend() {
    const used = new Set(towns.map((town) => (town.link ? town.link.weakest : '')));
    const shown = data.links.filter(([level]) => used.has(level)).map(([, label, paint]) => swatched(paint, label));
    if (towns.some((town) => linkOf(town) === none)) shown.push(swatched(none.paint, words.no_town));
    return [make('div', {class: 'others'}, ...shown), make('p', {class: 'fine'}, words.links)];
  }

  function showVillages() {
    const listed = data.kinds.map(([kind]) => kind).filter((kind) => kind !== 'clinic');
    const shown = listed.flatMap(ofKind);
    const heads = shown.length ? ['', ...words.list_head] : [words.none_else];
    page.showLines('list', heads, shown.map((one) => {
      const cells = [sign(one.kind), named(one.name, placeOf(one), one.why), labels.get(one.kind)];
      return {cells, go: () => tips.goToSpot(one.at, villageCard(one))};
    }));
  }

  function showLinks() {
    page.showLines('links', words.town_head, towns.filter((town) => town.link).map((town) => {
      const paint = make('i', {style: `background:${linkOf(town).paint}`});
      return {cells: [named(town.name, town.county), town.link.total, [paint, linkOf(town).label]], go: () => tips.goToTown(town)};
    }));
  }

  page.layers.addTowns(townCard);
  page.layers.paintTowns((town) => linkOf(town).paint);
  fill('layers', ...layerRows());
  fill('fills', ...fillLegend());
  showVillages();
  showLinks();
  byId('pickers').hidden = !routes.length;
  if (routes.length) {
    fill('team', option('', words.all), ...[...groups].map(([key, [at]]) => option(key, nameOf(routes[at]))));
    byId('team').addEventListener('change', () => choose(byId('team').value, ''));
    byId('day').addEventListener('change', () => choose(byId('team').value, byId('day').value));
    choose('', '');
  }
  const apart = () => page.layers.keepApart(villageSigns, hostSigns);
  map.on('zoomend resize', apart);
  apart();
  page.find(villages.map((one) => [one, one.code, one.town, () => villageCard(one)]),
    hosts.map((one) => [one, one.id, one.label, () => hostCard(one)]));
}
