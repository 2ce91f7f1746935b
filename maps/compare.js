/* Shows two scenarios at once: under a curtain, or side by side. Everything here is looked up, nothing is computed;
   text that comes from data is only ever set as text. Plain ES2019. */
function showCompare(map) {
  'use strict';

  const data = JSON.parse(document.getElementById('compare-data').textContent);
  const {words, fills, lines, symbols, marks, edges} = data.style;
  const elements = mapElements(data.style);
  const {byId, make, makeSvg, fill, point, outline, people, sign, dot, stroke, pill, list} = elements;
  const {shareLegend} = mapLegend(data.style, elements);
  const {writeFurniture, addControls} = mapFurniture(map, data, elements);

  const sheet = document.querySelector('.sheet');
  const second = L.map(byId('second'), {zoomControl: false, attributionControl: false, zoomSnap: 0.25});
  const [west, south, east, north] = data.bounds.map((value) => value / 1e5);
  const home = L.latLngBounds([south, west], [north, east]);
  const tipOptions = {className: 'tip', opacity: 1, direction: 'auto', sticky: true};
  const towns = data.towns.code.map((code, at) => (
    {code, name: data.towns.name[at], county: data.towns.county[at], outline: outline(data.towns.outline[at])}));
  const shown = {uncovered: true, signs: true, changes: true};
  let pair = data.pairs[0];
  let reading = 0;
  let split = 0.5;
  let isSync = false;

  const chosen = () => data.readings[reading];

  function card(name, where, rows, ...more) {
    return make('div', {}, make('h3', {}, name), make('div', {class: 'where'}, where), ...more, list(rows));
  }

  /** What a town says: both scenarios and the change between them, whichever of them is pointed at. */
  function townCard(town, at) {
    const both = [pair.before, pair.after].map((view) => {
      const row = chosen().sides[view].towns.find(([place]) => place === at);
      return [data.views[view].label, row ? row[2] : words.no_row, row ? row[3] : ''];
    });
    const moved = pair.towns.find(([where, place]) => where === reading && place === at);
    const said = both.map(([label, text, status]) => [label, make('span', {}, `${text}　`, status ? pill(status) : '')]);
    return card(town.name, [town.county, town.code].join('　'), [...said, [words.change, moved ? moved[3] : '']]);
  }

  /* ---- a scene: one scenario in one pane of one map ---- */

  function makeScene(ground, name) {
    const pane = ground.createPane(name);
    pane.style.zIndex = 410;
    const signPane = ground.createPane(`${name}-signs`); // above the names, which are above both sides
    signPane.style.zIndex = 640;
    const renderer = L.svg({pane: name, padding: 0.5});
    const shapes = towns.map((town, at) => {
      const shape = L.polygon(town.outline, {...lines.town, renderer, pane: name, className: `town ${name}`});
      shape.bindTooltip(() => townCard(town, at), tipOptions).addTo(ground);
      shape.getElement().setAttribute('data-code', town.code);
      return shape;
    });
    const dots = L.layerGroup().addTo(ground);
    const signs = L.layerGroup().addTo(ground);

    function paintTowns(side) {
      const found = new Map(side.towns.map((row) => [row[0], row]));
      const moved = new Map(pair.towns.filter(([where]) => where === reading).map(([, place, way]) => [place, way]));
      shapes.forEach((shape, at) => {
        const row = found.get(at);
        const edge = edges[moved.get(at)] || {dashArray: null};
        shape.setStyle({...lines.town, fillColor: fills[row ? row[1] : fills.length - 1].fill, ...edge});
        if (edges[moved.get(at)]) shape.bringToFront();
      });
    }

    function paintDots(side) {
      dots.clearLayers();
      if (!shown.uncovered) return;
      side.dots.forEach(([at, radius, left, lost]) => {
        const look = {...(lost ? lines.unreachable : lines.uncovered), radius, renderer, pane: name, className: 'uncovered'};
        const rows = [[words.uncovered, left - lost ? people(left - lost) : ''], [words.unreachable, lost ? people(lost) : '']];
        L.circleMarker(point(data.villages.at[at]), look)
          .bindTooltip(() => card(data.villages.name[at], data.villages.where[at], rows), tipOptions).addTo(dots);
      });
    }

    function addSign(at, html, className, size, content, order) {
      const icon = L.divIcon({className, html, iconSize: [size, size]});
      L.marker(point(at), {icon, pane: `${name}-signs`, keyboard: false, zIndexOffset: order})
        .bindTooltip(content, tipOptions).addTo(signs);
    }

    function paintSigns(view, role) {
      signs.clearLayers();
      const {open} = data.views[view];
      open.kind.forEach((kind, at) => {
        if (!shown.signs || !chosen().kinds.includes(kind)) return;
        addSign(open.at[at], make('span', {}, sign(kind, 'open')), 'sign', symbols[kind].size,
          () => card(open.name[at], symbols[kind].label, []), 0);
      });
      pair.sites.forEach((site) => {
        const at = role === 'after' ? site.after || site.before : site.before;
        if (!shown.changes || !at || (role === 'before' && site.change !== 'moved')) return;
        const inner = site.change === 'closed' ? sign(site.kind, 'closed') : sign(site.kind, 'open');
        const label = role === 'before' ? `${words.old_place} ${site.number}` : `${site.word} ${site.number}`;
        const html = make('span', {}, inner, mark(site.change, 32), make('b', {style: `color:${marks[site.change].color}`}, label));
        addSign(at, html, `change ${site.change}`, symbols[site.kind].size, () => siteCard(site), 1000);
      });
    }

    function paint(view, role) {
      const side = chosen().sides[view];
      paintTowns(side);
      paintDots(side);
      paintSigns(view, role);
    }
    return {panes: [pane, signPane], paint};
  }

  function mark(change, size) {
    const {shape, color, dash} = marks[change];
    const look = {d: shape, fill: 'none', stroke: color, 'stroke-width': 2.6, 'stroke-dasharray': dash || 'none'};
    const halo = {d: shape, fill: 'none', stroke: data.style.chrome.paper, 'stroke-width': 5};
    return makeSvg('svg', {width: size, height: size, viewBox: '0 0 32 32', 'aria-hidden': 'true'},
      makeSvg('path', halo), makeSvg('path', look));
  }

  const siteCard = (site) => card(site.name, site.where, [[site.word, site.detail]]);

  /** Borders and names lie above the curtain: they are the same on both sides. */
  function addCounties(ground) {
    Object.assign(ground.createPane('counties').style, {zIndex: 450, pointerEvents: 'none'});
    Object.assign(ground.createPane('names').style, {zIndex: 620, pointerEvents: 'none'});
    data.counties.name.forEach((name, at) => {
      L.polygon(outline(data.counties.outline[at]), {...lines.county, pane: 'counties', interactive: false}).addTo(ground);
      const icon = L.divIcon({className: 'place county', html: make('span', {}, name), iconSize: [0, 0]});
      L.marker(point(data.counties.at[at]), {icon, pane: 'names', interactive: false, keyboard: false}).addTo(ground);
    });
  }

  /* ---- curtain and twins ---- */

  map.fitBounds(home, {animate: false});
  second.fitBounds(home, {animate: false});
  const left = makeScene(map, 'left');
  const right = makeScene(map, 'right');
  const beside = makeScene(second, 'beside');
  [map, second].forEach(addCounties);

  function clip() {
    const size = map.getSize();
    const from = map.containerPointToLayerPoint([0, 0]);
    const to = map.containerPointToLayerPoint(size);
    const at = from.x + size.x * split;
    const before = isSync ? 'auto' : `rect(${from.y}px,${at}px,${to.y}px,${from.x}px)`;
    const after = `rect(${from.y}px,${to.x}px,${to.y}px,${at}px)`;
    left.panes.forEach((pane) => { pane.style.clip = before; });
    right.panes.forEach((pane) => Object.assign(pane.style, {clip: after, display: isSync ? 'none' : ''}));
    const place = `${(isSync ? 0.5 : split) * 100}%`;
    ['divider', 'left', 'right'].forEach((id) => { byId(id).style.left = place; });
    byId('divider').setAttribute('aria-valuenow', String(Math.round(split * 100)));
  }

  function moveCurtain(share) {
    split = Math.max(0, Math.min(1, share));
    clip();
  }

  let isFollowing = false;
  function follow(from, to) {
    from.on('move zoomend', () => {
      if (!isSync || isFollowing) return;
      isFollowing = true;
      to.setView(from.getCenter(), from.getZoom(), {animate: false});
      isFollowing = false;
    });
  }

  function setMode(wanted) {
    const view = {center: map.getCenter(), zoom: map.getZoom(), isWhole: map.getBounds().contains(home)};
    isSync = wanted;
    sheet.classList.toggle('sync', isSync);
    byId('swipe').setAttribute('aria-pressed', String(!isSync));
    byId('sync').setAttribute('aria-pressed', String(isSync));
    resized();
    if (view.isWhole) frame(home);
    else setView(view);
    clip();
  }

  function resized() {
    map.invalidateSize({animate: false, pan: false});
    if (isSync) second.invalidateSize({animate: false, pan: false});
  }

  function setView(view) {
    map.setView(view.center, view.zoom, {animate: false});
    if (isSync) second.setView(view.center, view.zoom, {animate: false});
  }

  function frame(bounds) {
    map.fitBounds(bounds, {animate: false, padding: [8, 8]});
    if (isSync) second.setView(map.getCenter(), map.getZoom(), {animate: false});
    clip();
  }

  function dragCurtain() {
    const divider = byId('divider');
    const steps = {ArrowLeft: -0.02, ArrowRight: 0.02, PageDown: -0.1, PageUp: 0.1, Home: -1, End: 1};
    divider.setAttribute('aria-label', words.divider);
    divider.addEventListener('pointerdown', (event) => {
      divider.setPointerCapture(event.pointerId);
      event.preventDefault();
      divider.focus({preventScroll: true});
    });
    divider.addEventListener('pointermove', (event) => {
      if (!divider.hasPointerCapture(event.pointerId)) return;
      const box = sheet.getBoundingClientRect();
      moveCurtain((event.clientX - box.left) / box.width);
    });
    divider.addEventListener('keydown', (event) => {
      if (!(event.key in steps)) return;
      event.preventDefault();
      moveCurtain(split + steps[event.key]);
    });
  }

  /* ---- the panel ---- */

  function paint() {
    left.paint(pair.before, 'before');
    right.paint(pair.after, 'after');
    beside.paint(pair.after, 'after');
  }

  const rules = new Map();
  data.readings.forEach((one, at) => rules.set(one.rule, [...(rules.get(one.rule) || []), at]));

  function choose(at) {
    reading = at;
    const one = chosen();
    byId('rule').value = one.rule;
    const readings = rules.get(one.rule);
    fill('reading', ...readings.map((place) => make('option', {value: place}, data.readings[place].reading_label)));
    byId('reading').value = String(at);
    byId('reading').disabled = readings.length < 2;
    byId('reading').title = one.reading_label;
    fill('chosen', `${pair.label}　${one.rule_label}（${one.reading_label}）`);
    fill('shares', ...shareLegend(one));
    fill('denominator', `${words[`meaning_${one.basis}`]}：${one.denominator || words.none}`);
    fill('layers', ...layerRows());
    byId('rows').querySelectorAll('tr').forEach((line) => {
      line.classList.toggle('chosen', line.getAttribute('data-reading') === String(at));
    });
    paint();
  }

  function choosePair(at) {
    pair = data.pairs[at];
    byId('pair').value = String(at);
    [['left', pair.before], ['right', pair.after]].forEach(([id, view]) => fill(id, data.views[view].label));
    fill('said', ...pair.said.map((text) => make('p', {}, text)));
    fill('sites', ...(pair.sites.length ? pair.sites.map(siteRow) : [make('li', {}, words.no_sites)]));
    fill('rows', ...tableRows());
    const kinds = [...new Set(pair.sites.map((site) => site.change))];
    fill('marks', ...kinds.map((change) => make('li', {}, mark(change, 22), marks[change].label)));
    byId('marks').hidden = !kinds.length;
    choose(reading);
  }

  function siteRow(site) {
    const button = make('button', {type: 'button'}, `${site.word} ${site.number}　${site.name}`,
      make('small', {}, [site.where, site.detail].filter(Boolean).join('　')));
    button.addEventListener('click', () => {
      setView({center: point(site.after || site.before), zoom: Math.max(map.getZoom(), map.getBoundsZoom(home) + 2)});
      clip();
    });
    return make('li', {}, mark(site.change, 22), button);
  }

  function tableRow(row) {
    const {letter: before} = data.views[pair.before];
    const {letter: after} = data.views[pair.after];
    const turned = row.status_before !== row.status_after;
    const value = (text, status) => make('td', {}, text, turned && status ? make('small', {}, pill(status)) : null);
    const change = make('td', {class: row.changed ? 'moved' : 'still'}, row.change, row.people ? make('small', {}, row.people) : null);
    const line = make('tr', {'data-reading': row.at}, make('td', {}, row.reading_label),
      value(row.before, row.status_before), value(row.after, row.status_after), change);
    line.setAttribute('aria-label', `${before} ${row.before}，${after} ${row.after}`);
    if (row.at >= 0) {
      line.className = 'choosable';
      line.addEventListener('click', () => choose(row.at));
    }
    return line;
  }

  function tableRows() {
    const heads = [words.indicator, data.views[pair.before].letter, data.views[pair.after].letter, words.change];
    let rule = null;
    const body = pair.rows.flatMap((row) => {
      const isNew = row.rule !== rule;
      rule = row.rule;
      const heading = make('tr', {}, make('th', {colspan: 4, scope: 'rowgroup'}, row.rule_label));
      return isNew ? [heading, tableRow(row)] : [tableRow(row)];
    });
    return [make('thead', {}, make('tr', {}, ...heads.map((text) => make('th', {scope: 'col'}, text)))), make('tbody', {}, ...body)];
  }

  function layerRow(key, name, symbol) {
    const box = make('input', {type: 'checkbox', 'data-layer': key});
    box.checked = shown[key];
    const item = make('li', {class: 'wide'}, make('label', {}, box, make('span', {class: 'mark'}, symbol), name));
    item.classList.toggle('off', !box.checked);
    box.addEventListener('change', () => {
      shown[key] = box.checked;
      item.classList.toggle('off', !box.checked);
      paint();
    });
    return item;
  }

  function layerRows() {
    const [kind] = chosen().kinds;
    const moved = new Set(pair.towns.filter(([where]) => where === reading).map(([, , way]) => way));
    const edgeRow = (way) => (moved.has(way)
      ? make('li', {class: 'wide'}, make('label', {}, make('span', {class: 'mark'}, stroke(edges[way], false)), words[`town_${way}`]))
      : null);
    const examples = data.style.dots.map((one) => make('span', {}, dot(lines.uncovered, one.radius), people(one.people)));
    return [
      layerRow('uncovered', words.uncovered_layer, dot(lines.uncovered, 5)),
      make('li', {class: 'dots wide'}, ...examples),
      kind ? layerRow('signs', words.signs_layer, sign(kind, 'open')) : null,
      pair.sites.length ? layerRow('changes', words.changes_layer, mark('added', 18)) : null,
      edgeRow('up'),
      edgeRow('down'),
    ];
  }

  /* ---- paper: words and table go onto a sheet of their own ---- */

  let seen = null;
  const panel = document.querySelector('.panel');
  const kept = ['conclusion', 'indicators'].map((id) => [byId(id), byId(id).nextElementSibling]);

  function beforePrint() {
    const isWhole = map.getBounds().contains(home);
    seen = {center: map.getCenter(), zoom: map.getZoom()};
    const view = isWhole ? home : map.getBounds();
    byId('paper').append(...kept.map(([section]) => section));
    document.documentElement.classList.add('printing');
    const around = document.querySelector('.masthead').offsetHeight + document.querySelector('footer').offsetHeight;
    document.querySelector('.stage').style.height = `calc(190mm - ${around + 4}px)`;
    resized();
    frame(view);
  }

  function afterPrint() {
    document.documentElement.classList.remove('printing');
    document.querySelector('.stage').style.height = '';
    kept.forEach(([section, next]) => panel.insertBefore(section, next));
    setTimeout(() => {
      resized();
      setView(seen);
      clip();
    }, 60);
  }

  writeFurniture();
  addControls(() => frame(home));
  resized();
  frame(home);
  fill('pair', ...data.pairs.map((one, at) => make('option', {value: at}, one.label)));
  fill('rule', ...[...rules].map(([rule, [first]]) => make('option', {value: rule}, data.readings[first].rule_label)));
  byId('pair').disabled = data.pairs.length < 2;
  byId('pair').addEventListener('change', () => choosePair(Number(byId('pair').value)));
  byId('rule').addEventListener('change', () => choose(rules.get(byId('rule').value)[0]));
  byId('reading').addEventListener('change', () => choose(Number(byId('reading').value)));
  byId('swipe').addEventListener('click', () => setMode(false));
  byId('sync').addEventListener('click', () => setMode(true));
  byId('print').addEventListener('click', () => window.print());
  window.addEventListener('beforeprint', beforePrint);
  window.addEventListener('afterprint', afterPrint);
  map.on('move zoomend resize', clip);
  follow(map, second);
  follow(second, map);
  dragCurtain();
  choosePair(0);
}
