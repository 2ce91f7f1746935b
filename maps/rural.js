/* Shows a rural plan: choose a team and a day. Everything here is looked up, nothing is computed; text that comes from
   data is only ever set as text. Plain ES2019. */
function showRural(map) {
  'use strict';

  const data = JSON.parse(document.getElementById('rural-data').textContent);
  const {words, lines, marks, symbols, chrome} = data.style;
  const elements = mapElements(data.style);
  const {byId, make, makeSvg, fill, rowsOf, point, unpacked, outline, number, people, stroke, swatch, list} = elements;
  const {writeFurniture, addControls} = mapFurniture(map, data, elements);
  const tipOptions = {className: 'tip', opacity: 1, direction: 'auto', sticky: true};
  const tip = (layer, write) => layer.bindTooltip(write, tipOptions);

  ['towns', 'roads', 'counties', 'routes', 'spot'].forEach((name, at) => {
    map.createPane(name).style.zIndex = 400 + at * 10;
  });
  Object.assign(map.createPane('names').style, {zIndex: 620, pointerEvents: 'none'});
  Object.assign(map.createPane('orders').style, {zIndex: 630, pointerEvents: 'none'});

  const [west, south, east, north] = data.bounds.map((value) => value / 1e5);
  const home = L.latLngBounds([south, west], [north, east]);
  const towns = rowsOf(data.towns);
  const counties = rowsOf(data.counties);
  const {villages, hosts} = data;
  const routes = data.duty ? data.duty.routes : [];
  const labels = new Map(data.kinds);
  const links = new Map(data.links.map(([level, label, paint]) => [level, {label, paint}]));
  const listed = data.kinds.map(([kind]) => kind).filter((kind) => kind !== 'clinic');

  const card = (name, where, ...parts) => make('div', {}, make('h3', {}, name), make('div', {class: 'where'}, where), ...parts);
  const paintOf = (town) => (town.link && links.has(town.link.weakest) ? links.get(town.link.weakest).paint : data.style.none_fill);
  const linkOf = (town) => (links.has(town.link.weakest) ? links.get(town.link.weakest).label : words.none);
  const placeOf = (one) => [one.county, one.town].filter(Boolean).join('　');

  function sign(kind) {
    const mark = marks[kind];
    const box = makeSvg('svg', {width: mark.size, height: mark.size, viewBox: '0 0 24 24', 'aria-hidden': 'true'});
    box.append(makeSvg('path', {d: mark.outline, fill: mark.fill, stroke: mark.line, 'stroke-width': 1.5 * 20 / mark.size}));
    if (mark.glyph) {
      const pen = mark.fill === '#ffffff' ? mark.line : '#ffffff';
      box.append(makeSvg('path', {d: mark.glyph, fill: 'none', stroke: pen, 'stroke-width': 3, 'stroke-linecap': 'round'}));
    }
    return box;
  }

  /* ---- what a tooltip says ---- */

  function villageCard(one) {
    return card(one.name, placeOf(one),
      list([[words.population, people(one.people)], [words.served, labels.get(one.kind)], [words.host, one.host],
        [words.chain, one.chain], [words.weakest, one.weakest], [words.beyond, one.across]]),
      make('div', {class: 'reason'}, one.why));
  }

  function townCard(town) {
    if (!town.link) return card(town.name, town.county, make('div', {}, words.no_town));
    return card(town.name, town.county, list([['行政村', `${town.link.villages} 个，${town.link.people}`], [words.weakest, linkOf(town)], ...town.link.said]));
  }

  function hostCard(one) {
    return card(one.name, one.label, list([[words.serves, `${number(one.villages)} 个`]]));
  }

  /* ---- layers, from the ground up ---- */

  function townLayer() {
    const group = L.featureGroup();
    towns.forEach((town) => {
      town.shape = L.polygon(outline(town.outline), {...lines.town, fillColor: paintOf(town), pane: 'towns', className: 'town'});
      tip(town.shape, () => townCard(town));
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

  function marker(at, box, size, className) {
    const html = make('span', {}, box);
    const icon = L.divIcon({className: `sign ${className}`, html, iconSize: [size, size]});
    return L.marker(point(at), {icon, keyboard: false, zIndexOffset: size * 40});
  }

  const kindLayer = (kind) => L.layerGroup(villages.filter((one) => one.kind === kind)
    .map((one) => tip(marker(one.at, sign(kind), marks[kind].size, kind), () => villageCard(one))));

  const hostLayer = () => L.layerGroup(hosts.map((one) =>
    tip(marker(one.at, elements.sign(one.kind, 'open'), symbols[one.kind].size, 'host'), () => hostCard(one))));

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
    shown.forEach((route) => {
      const look = {...data.style.route, weight: isOne ? 3.5 : 2, pane: 'routes', className: 'route'};
      route.lines.forEach((line) => routeLayer.addLayer(tip(L.polyline(unpacked(line), look),
        () => card(nameOf(route), daysOf(route), list(routeFacts(route))))));
    });
    if (!isOne) return;
    shown[0].stops.forEach(([at], order) => {
      const icon = L.divIcon({className: 'order', html: make('span', {}, String(order + 1)), iconSize: [0, 0]});
      orderLayer.addLayer(L.marker(point(villages[at].at), {icon, pane: 'orders', interactive: false, keyboard: false}));
    });
  }

  const routeFacts = (route) => [['行政村', `${number(route.stops.length)} 个`], ['行程', `${route.km} 公里`],
    ['共计', `${route.hours} 小时，${route.back} 回院`]];

  function dutyRows(route) {
    const head = make('tr', {class: 'head'}, ...words.duty_head.map((text) => make('th', {scope: 'col'}, text)));
    return [head, ...route.stops.map(([at, arrive, leave], order) => {
      const line = make('tr', {}, make('td', {}, String(order + 1)), make('td', {}, villages[at].name), make('td', {}, `${arrive}—${leave}`));
      line.addEventListener('click', () => goToSpot(point(villages[at].at), villageCard(villages[at])));
      return line;
    })];
  }

  function overview(shown) {
    const days = shown.reduce((sum, route) => sum + route.days.length, 0);
    const stops = shown.reduce((sum, route) => sum + route.stops.length, 0);
    const left = data.duty.left.length;
    return [['巡回的村', `${number(stops)} 个`], ['每月队日', number(days)], ['路线', `${number(shown.length)} 条`],
      ['当天去不了', left && shown.length === routes.length ? `${number(left)} 个：${data.duty.left.join('；')}` : '']];
  }

  /** Shows all routes, those of a team, or one day of it. */
  function choose(team, at) {
    unpin();
    const mine = team ? groups.get(team).map((one) => routes[one]) : routes;
    const shown = at === '' ? mine : [routes[Number(at)]];
    const isOne = at !== '';
    byId('team').value = team;
    fill('day', make('option', {value: ''}, words.every),
      ...(team ? groups.get(team).map((one) => make('option', {value: one}, daysOf(routes[one]))) : []));
    byId('day').value = at;
    byId('day').disabled = !team;
    drawRoutes(shown, isOne);
    const facts = isOne ? routeFacts(shown[0]) : overview(shown);
    fill('facts', ...facts.filter(([, text]) => text).flatMap(([term, text]) => [make('dt', {}, term), make('dd', {}, text)]));
    fill('duty', ...(isOne ? dutyRows(shown[0]) : []));
    fill('chosen', [team ? nameOf(shown[0]) : words.all, isOne ? daysOf(shown[0]) : words.every].join('　'));
    if (team && shown.some((route) => route.lines.length)) {
      const ends = shown.flatMap((route) => route.lines.flatMap(unpacked));
      map.fitBounds(L.latLngBounds(ends), {animate: false, padding: [50, 50], maxZoom: 12});
    }
  }

  /* ---- the panel ---- */

  function layerRow(name, layer, mark, isOn, count) {
    const box = make('input', {type: 'checkbox', 'data-layer': name});
    const total = count === undefined ? '' : make('span', {class: 'count'}, number(count));
    const item = make('li', {class: name.length > 9 ? 'wide' : ''});
    item.append(make('label', {}, box, make('span', {class: 'mark'}, mark || ''), make('span', {}, name), total));
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
    const namesRow = layerRow(words.names_layer, namesWanted, '', true);
    namesRow.classList.add('no-print');
    namesRow.querySelector('input').addEventListener('change', showTownNames);
    const counts = (kind) => villages.filter((one) => one.kind === kind).length;
    const hostMarks = make('span', {class: 'pair'}, ...Object.keys(symbols).map((kind) => elements.sign(kind, 'open')));
    return [
      ...data.kinds.filter(([kind]) => counts(kind) || kind !== 'no_data').map(([kind, label]) => layerRow(label, kindLayer(kind), sign(kind), true, counts(kind))),
      hosts.length ? layerRow(words.hosts, hostLayer(), hostMarks, true, hosts.length) : null,
      routes.length ? layerRow(words.routes, L.layerGroup([routeLayer, orderLayer]), stroke(data.style.route, false), true, routes.length) : null,
      data.roads ? layerRow(words.roads_layer, roadLayer(), stroke(lines.road_major, false), false) : null,
      layerRow(words.counties_layer, countyLayer(), stroke(lines.county, false), true),
      namesRow,
    ].filter(Boolean);
  }

  function fillLegend() {
    const used = new Set(towns.map((town) => (town.link ? town.link.weakest : '')));
    const rows = data.links.filter(([level]) => used.has(level)).map(([, label, paint]) => make('span', {}, swatch(paint), label));
    const none = towns.some((town) => !town.link || !links.has(town.link.weakest));
    if (none) rows.push(make('span', {}, swatch(data.style.none_fill), words.no_town));
    return [make('div', {class: 'others'}, ...rows), make('p', {class: 'fine'}, words.links)];
  }

  function listRows() {
    const shown = villages.filter((one) => listed.includes(one.kind))
      .sort((one, other) => listed.indexOf(one.kind) - listed.indexOf(other.kind));
    if (!shown.length) return [make('tr', {class: 'head'}, make('td', {}, words.none_else))];
    const head = make('tr', {class: 'head'}, make('th', {}), ...words.list_head.map((text) => make('th', {scope: 'col'}, text)));
    return [head, ...shown.map((one) => {
      const name = make('td', {}, make('span', {}, one.name), make('small', {}, placeOf(one)), make('small', {}, one.why));
      const line = make('tr', {}, make('td', {}, sign(one.kind)), name, make('td', {}, labels.get(one.kind)));
      line.addEventListener('click', () => goToSpot(point(one.at), villageCard(one)));
      return line;
    })];
  }

  function linkRows() {
    const head = make('tr', {class: 'head'}, ...words.town_head.map((text) => make('th', {scope: 'col'}, text)));
    return [head, ...towns.filter((town) => town.link).map((town) => {
      const paint = make('i', {style: `background:${paintOf(town)}`});
      const line = make('tr', {}, make('td', {}, town.name, make('small', {}, town.county)), make('td', {}, town.link.total),
        make('td', {}, paint, linkOf(town)));
      line.addEventListener('click', () => goToTown(town));
      return line;
    })];
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

  const searchable = [
    ...towns.map((one) => ({...one, where: one.county, go: () => goToTown(one)})),
    ...villages.map((one) => ({name: one.name, code: one.code, where: one.town, go: () => goToSpot(point(one.at), villageCard(one))})),
    ...hosts.map((one) => ({name: one.name, code: one.id, where: one.label, go: () => goToSpot(point(one.at), hostCard(one))})),
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
    map.getContainer().style.setProperty('--sign-scale', Math.max(0.72, Math.min(1, 0.72 + 0.14 * closer)).toFixed(2));
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
  fill('list', ...listRows());
  fill('links', ...linkRows());
  fill('told', data.told);
  byId('pickers').hidden = !routes.length;
  if (routes.length) {
    fill('team', make('option', {value: ''}, words.all), ...[...groups].map(([key, [at]]) => make('option', {value: key}, nameOf(routes[at]))));
    byId('team').addEventListener('change', () => choose(byId('team').value, ''));
    byId('day').addEventListener('change', () => choose(byId('team').value, byId('day').value));
    choose('', '');
  }
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
}
