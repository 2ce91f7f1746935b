/* Shows community centres and their districts, planned and as they are. Everything here is looked up, nothing is
   computed; text that comes from data is only ever set as text. Plain ES2019. */
function showCenters(map) {
  'use strict';

  const data = JSON.parse(document.getElementById('centers-data').textContent);
  const {words, lines, marks, chrome} = data.style;
  const elements = mapElements(data.style);
  const {byId, make, makeSvg, fill, rowsOf, point, unpacked, outline, number, people, stroke, swatch, list} = elements;
  const {writeFurniture, addControls} = mapFurniture(map, data, elements);
  const tipOptions = {className: 'tip', opacity: 1, direction: 'auto', sticky: true};
  const tip = (layer, write) => layer.bindTooltip(write, tipOptions);

  ['towns', 'roads', 'counties', 'links', 'communities', 'beyond', 'spot'].forEach((name, at) => {
    map.createPane(name).style.zIndex = 400 + at * 10;
  });
  Object.assign(map.createPane('names').style, {zIndex: 620, pointerEvents: 'none'});
  Object.assign(map.createPane('loads').style, {zIndex: 630, pointerEvents: 'none'});

  const [west, south, east, north] = data.bounds.map((value) => value / 1e5);
  const home = L.latLngBounds([south, west], [north, east]);
  const towns = rowsOf(data.towns);
  const counties = rowsOf(data.counties);
  const {communities, centers, posts} = data;
  const labels = new Map(data.labels);
  const centerOf = new Map(centers.map((one) => [one.id, one]));
  let view = 'planned';

  const card = (name, where, ...parts) => make('div', {}, make('h3', {}, name), make('div', {class: 'where'}, where), ...parts);
  const paintOf = (one) => data.paints[view][one[view]] || chrome.paper;
  const paintOfCenter = (one) => data.paints[view][one.id] || chrome.paper;
  const shownCenters = () => centers.filter((one) => view === 'planned' || one.origin === 'standing');
  const loadOf = (one) => (view === 'planned' ? one.planned : one.today);
  const wan = (count) => (count >= 10000 ? `${(count / 10000).toFixed(1)} 万` : number(count));
  const closer = () => map.getZoom() - map.getBoundsZoom(home);
  const radius = (count) => Math.min(15, 3 + Math.sqrt(count) * 0.075) * Math.max(0.45, Math.min(1.2, 0.45 + 0.25 * closer()));

  function sign(kind) {
    const mark = marks[kind];
    const box = makeSvg('svg', {width: mark.size, height: mark.size, viewBox: '0 0 24 24', 'aria-hidden': 'true'});
    box.append(makeSvg('path', {d: mark.outline, fill: mark.fill, stroke: mark.line, 'stroke-width': mark.fill === '#ffffff' ? 3 : 1.6}));
    if (mark.glyph) box.append(makeSvg('path', {d: mark.glyph, fill: 'none', stroke: '#ffffff', 'stroke-width': 2.8, 'stroke-linecap': 'round'}));
    return box;
  }

  /* ---- what a tooltip says ---- */

  const communityCard = (one) => card(one.name, [one.county, one.town].filter(Boolean).join('　'), list([[words.population, people(one.people)], ...one.said]));
  const centerCard = (one) => card(one.name, [labels.get(one.origin), one.where].join('　'), list(one.said));
  const postCard = (one) => card(one.name, [labels.get(one.kind), one.where].join('　'));
  const townCard = (town) => card(town.name, town.county, town.plan ? list(town.plan.said) : make('div', {}, words.off));

  /* ---- layers, from the ground up ---- */

  const areaOf = new Map();
  if (data.areas) communities.forEach((one) => areaOf.set(one.id, one));

  function townLook(town) {
    const one = areaOf.get(town.code);
    return {...lines.town, fillColor: one ? paintOf(one) : town.plan ? data.style.served_fill : data.style.none_fill};
  }

  function townLayer() {
    const group = L.featureGroup();
    towns.forEach((town) => {
      town.shape = L.polygon(outline(town.outline), {...townLook(town), pane: 'towns', className: 'town'});
      tip(town.shape, () => (areaOf.has(town.code) ? communityCard(areaOf.get(town.code)) : townCard(town)));
      town.shape.on('mouseover', () => town.shape.setStyle({color: lines.town_hover.color, weight: lines.town_hover.weight}).bringToFront());
      town.shape.on('mouseout', () => town.shape.setStyle(townLook(town)));
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

  const dotLayer = L.layerGroup();
  const lineLayer = L.layerGroup();
  const beyondLayer = L.layerGroup();
  const loadLayer = L.layerGroup();
  const originLayers = new Map(['standing', 'hospital', 'station', 'community'].map((origin) => [origin, L.layerGroup()]));

  function drawView() {
    [dotLayer, lineLayer, beyondLayer, loadLayer, ...originLayers.values()].forEach((layer) => layer.clearLayers());
    communities.forEach((one) => {
      const centre = centerOf.get(one[view]);
      if (centre) {
        const look = {color: '#3c4d57', weight: 1.3, opacity: 0.75, pane: 'links', interactive: false, className: 'link'};
        lineLayer.addLayer(L.polyline([point(one.at), point(centre.at)], look));
      }
      if (!data.areas) {
        const look = {radius: radius(one.people), color: '#3c4d57', weight: 0.8, fillColor: paintOf(one), fillOpacity: 0.95, pane: 'communities', className: 'community'};
        one.dot = tip(L.circleMarker(point(one.at), look), () => communityCard(one));
        dotLayer.addLayer(one.dot);
      }
      if (one.beyond) {
        const ring = {radius: (data.areas ? 8 : radius(one.people)) + 1.5, color: '#dd6b10', weight: 2, fill: false, pane: 'beyond', interactive: false};
        one.ring = L.circleMarker(point(one.at), ring);
        beyondLayer.addLayer(one.ring);
      }
    });
    shownCenters().forEach((one) => {
      originLayers.get(one.origin).addLayer(tip(marker(one.at, sign(one.origin), marks[one.origin].size, 'center'), () => centerCard(one)));
      const icon = L.divIcon({className: 'load', html: make('span', {}, loadOf(one) === null ? words.no_center : wan(loadOf(one))), iconSize: [0, 0]});
      loadLayer.addLayer(L.marker(point(one.at), {icon, pane: 'loads', interactive: false, keyboard: false}));
    });
    towns.forEach((town) => town.shape.setStyle(townLook(town)));
    fill('list', ...listRows());
    fill('fills', ...fillLegend());
    fill('chosen', byId('view').selectedOptions[0].textContent);
  }

  const postLayer = (kind) => L.layerGroup(posts.filter((one) => one.kind === kind)
    .map((one) => tip(marker(one.at, sign(kind), marks[kind].size, kind), () => postCard(one))));

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
  const loadsWanted = L.layerGroup();
  function showTownNames() {
    const toggle = (layer, isOn) => (isOn ? map.addLayer(layer) : map.removeLayer(layer));
    toggle(townNames, map.hasLayer(namesWanted) && closer() >= 1);
    toggle(loadLayer, map.hasLayer(loadsWanted) && (centers.length < 6 || closer() >= 0.75));
  }

  function layerRows() {
    const namesRow = layerRow(words.names_layer, namesWanted, '', true);
    namesRow.classList.add('no-print');
    const loadsRow = layerRow(words.loads, loadsWanted, '', true);
    [namesRow, loadsRow].forEach((row) => row.querySelector('input').addEventListener('change', showTownNames));
    const count = (kind) => centers.filter((one) => one.origin === kind).length + posts.filter((one) => one.kind === kind).length;
    const ring = makeSvg('svg', {width: 16, height: 16, viewBox: '0 0 16 16'}, makeSvg('circle', {cx: 8, cy: 8, r: 6, fill: 'none', stroke: '#dd6b10', 'stroke-width': 2.4}));
    const rows = data.labels.filter(([kind]) => count(kind)).map(([kind, label]) =>
      layerRow(label, originLayers.get(kind) || postLayer(kind), sign(kind), true, count(kind)));
    return [
      ...rows,
      loadsRow,
      data.areas ? null : layerRow(words.communities, dotLayer, dot(), true, communities.length),
      layerRow(words.lines, lineLayer, stroke({color: '#3c4d57', weight: 1.3}, false), true),
      communities.some((one) => one.beyond) ? layerRow(words.beyond_layer, beyondLayer, ring, true, communities.filter((one) => one.beyond).length) : null,
      data.roads ? layerRow(words.roads_layer, roadLayer(), stroke(lines.road_major, false), false) : null,
      layerRow(words.counties_layer, countyLayer(), stroke(lines.county, false), true),
      namesRow,
    ].filter(Boolean);
  }

  function dot() {
    return makeSvg('svg', {width: 16, height: 16, viewBox: '0 0 16 16'}, makeSvg('circle', {cx: 8, cy: 8, r: 6, fill: '#8fb8de', stroke: '#3c4d57'}));
  }

  function fillLegend() {
    const none = communities.some((one) => !one[view]) ? [make('span', {}, swatch(chrome.paper), words.no_center)] : [];
    const off = make('span', {}, swatch(data.style.none_fill), words.off);
    return [make('p', {class: 'fine'}, data.areas ? words.meaning_areas : words.meaning_points), make('div', {class: 'others'}, ...none, off)];
  }

  function listRows() {
    const head = make('tr', {class: 'head'}, make('th', {}), ...words.list_head.map((text) => make('th', {scope: 'col'}, text)));
    return [head, ...shownCenters().map((one) => {
      const state = view === 'planned' ? one.state_planned : one.state_today;
      const load = loadOf(one);
      const paint = make('i', {style: `background:${paintOfCenter(one)}`});
      const name = make('td', {}, paint, make('span', {}, one.name), make('small', {}, one.where));
      const line = make('tr', {}, make('td', {}, sign(one.origin)), name,
        make('td', {}, load === null ? words.no_center : people(load), state ? make('small', {class: 'over'}, state) : ''));
      line.addEventListener('click', () => goToSpot(point(one.at), centerCard(one)));
      return line;
    })];
  }

  function townRows() {
    const head = make('tr', {class: 'head'}, ...words.town_head.map((text) => make('th', {scope: 'col'}, text)));
    return [head, ...towns.filter((town) => town.plan).map((town) => {
      const line = make('tr', {}, make('td', {}, town.name, make('small', {}, town.county)), make('td', {}, String(town.plan.needed)),
        make('td', {}, town.plan.proposal));
      line.addEventListener('click', () => goToTown(town));
      return line;
    })];
  }

  /* ---- finding, and paper ---- */

  const spot = L.circleMarker([0, 0], {...lines.spot, radius: 16, pane: 'spot', interactive: false});
  const frame = (bounds) => map.fitBounds(bounds, {animate: false, padding: [34, 34]});
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
    ...communities.map((one) => ({name: one.name, code: one.id, where: one.town, go: () => goToSpot(point(one.at), communityCard(one))})),
    ...centers.map((one) => ({name: one.name, code: one.id, where: one.where, go: () => goToSpot(point(one.at), centerCard(one))})),
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
    map.getContainer().style.setProperty('--sign-scale', Math.max(0.66, Math.min(1, 0.66 + 0.12 * closer())).toFixed(2));
    communities.forEach((one) => {
      if (one.dot) one.dot.setRadius(radius(one.people));
      if (one.ring) one.ring.setRadius((data.areas ? 8 : radius(one.people)) + 1.5);
    });
  }

  writeFurniture();
  addControls(() => {
    unpin();
    byId('county').value = '';
    frame(home);
  });
  map.invalidateSize({animate: false, pan: false}); // the texts just written have changed the room for the map
  frame(home);
  map.addLayer(townLayer());
  fill('view', ...['planned', 'today'].map((name, at) => make('option', {value: name}, words.views[at])));
  fill('layers', ...layerRows());
  fill('facts', ...data.facts.flatMap(([term, text]) => [make('dt', {}, term), make('dd', {}, text)]));
  fill('towns', ...townRows());
  fill('told', data.told);
  drawView();
  byId('view').addEventListener('change', () => {
    view = byId('view').value;
    unpin();
    drawView();
  });
  const served = [...new Set(communities.map((one) => one.county))];
  fill('county', make('option', {value: ''}, words.everywhere), ...served.map((name) => make('option', {value: name}, name)));
  byId('county').addEventListener('change', () => {
    const name = byId('county').value;
    unpin();
    frame(name ? L.latLngBounds(communities.filter((one) => one.county === name).map((one) => point(one.at))).pad(0.05) : home);
  });
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
  showTownNames();
  scaleSigns();
}
