/* One scenario drawn in panes of its own on one map: towns, dots, signs and what is changed. Plain ES2019. */
function compareScenes(stage, towns, townCard) {
  'use strict';

  const {data, elements, tips} = stage;
  const {words, fills, lines, symbols, marks, edges} = data.style;
  const {make, makeSvg, point, outline, rowsOf, people, sign, list, card} = elements;
  const villages = rowsOf(data.villages);
  const {tip} = tips;

  /** The frame around a facility that is changed. */
  function mark(change, size) {
    const {shape, color, dash} = marks[change];
    const look = {d: shape, fill: 'none', stroke: color, 'stroke-width': 2.6, 'stroke-dasharray': dash || 'none'};
    const halo = {d: shape, fill: 'none', stroke: data.style.chrome.paper, 'stroke-width': 5};
    return makeSvg('svg', {width: size, height: size, viewBox: '0 0 32 32', 'aria-hidden': 'true'},
      makeSvg('path', halo), makeSvg('path', look));
  }

  /** Make the panes on a map; `paint` fills them. */
  function makeScene(ground, name) {
    const pane = ground.createPane(name);
    pane.style.zIndex = 410;
    const signPane = ground.createPane(`${name}-signs`); // above the names, which are above both sides
    signPane.style.zIndex = 640;
    const renderer = L.svg({pane: name, padding: 0.5});
    const shapes = towns.map((town, at) => {
      const shape = L.polygon(outline(town.outline), {...lines.town, renderer, pane: name, className: `town ${name}`});
      tip(shape, () => townCard(town, at)).addTo(ground);
      shape.getElement().setAttribute('data-code', town.code);
      return shape;
    });
    const dots = L.layerGroup().addTo(ground);
    const signs = L.layerGroup().addTo(ground);

    function paintTowns(side, moved) {
      const found = new Map(side.towns.map((row) => [row[0], row]));
      shapes.forEach((shape, at) => {
        const row = found.get(at);
        const edge = edges[moved.get(at)];
        shape.setStyle({...lines.town, fillColor: fills[row ? row[1] : fills.length - 1].fill, dashArray: null, ...edge});
        if (edge) shape.bringToFront();
      });
    }

    function paintDots(side) {
      dots.clearLayers();
      side.dots.forEach(([at, radius, left, lost]) => {
        const look = {...(lost ? lines.unreachable : lines.uncovered), radius, renderer, pane: name, className: 'uncovered'};
        const {name: village, where} = villages[at];
        const rows = [[words.uncovered, left - lost ? people(left - lost) : ''], [words.unreachable, lost ? people(lost) : '']];
        tip(L.circleMarker(point(villages[at].at), look), () => card(village, where, list(rows))).addTo(dots);
      });
    }

    function addSign(at, html, className, size, said, order) {
      const icon = L.divIcon({className, html, iconSize: [size, size]});
      tip(L.marker(point(at), {icon, pane: `${name}-signs`, keyboard: false, zIndexOffset: order}), said).addTo(signs);
    }

    function paintOpen(open, kinds) {
      open.kind.forEach((kind, at) => {
        if (!kinds.includes(kind)) return;
        const box = make('span', {}, sign(kind, 'open'));
        addSign(open.at[at], box, 'sign', symbols[kind].size, () => card(open.name[at], symbols[kind].label), 0);
      });
    }

    /** A changed facility: as it is in this scenario; of one that moves, on the first side the place that it leaves. */
    function paintChange(site, role) {
      const at = role === 'after' ? site.after || site.before : site.before;
      if (!at || (role === 'before' && site.change !== 'moved')) return;
      const inner = sign(site.kind, site.change === 'closed' ? 'closed' : 'open');
      const word = make('i', {}, `${role === 'before' ? words.old_place : site.word} `);
      const label = make('b', {style: `color:${marks[site.change].color}`}, word, String(site.number));
      const html = make('span', {}, inner, mark(site.change, 32), label);
      const said = () => card(site.name, site.where, list([[site.word, site.detail]]));
      addSign(at, html, `change ${site.change}`, symbols[site.kind].size, said, 1000);
    }

    /** Paint one side of a reading; `moved` are the towns that are better or worse off, `shown` what is asked for. */
    function paint({view, role, reading, moved, sites, shown}) {
      const side = reading.sides[view];
      paintTowns(side, moved);
      paintDots(shown.uncovered ? side : {dots: []});
      signs.clearLayers();
      if (shown.signs) paintOpen(data.views[view].open, reading.kinds);
      if (shown.changes) sites.forEach((site) => paintChange(site, role));
    }

    return {panes: [pane, signPane], paint};
  }

  return {makeScene, mark};
}

/* Two scenes under a curtain, or two maps side by side that move together. Plain ES2019. */
function mapCurtain(map, second, left, right, byId, label) {
  'use strict';

  const sheet = document.querySelector('.sheet');
  const divider = byId('divider');
  let split = 0.5;
  let isSync = false;
  let isFollowing = false;

  /** Each side is clipped at the curtain, in the coordinates of the map's moving pane. */
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
    divider.setAttribute('aria-valuenow', String(Math.round(split * 100)));
  }

  function move(share) {
    split = Math.max(0, Math.min(1, share));
    clip();
  }

  function follow(from, to) {
    from.on('move zoomend', () => {
      if (!isSync || isFollowing) return;
      isFollowing = true;
      to.setView(from.getCenter(), from.getZoom(), {animate: false});
      isFollowing = false;
    });
  }

  /** The second map takes the size of the first and looks where it looks. */
  function align() {
    if (!isSync) return;
    second.invalidateSize({animate: false, pan: false});
    second.setView(map.getCenter(), map.getZoom(), {animate: false});
  }

  function setMode(wanted, view) {
    const kept = {center: map.getCenter(), zoom: map.getZoom(), isWhole: map.getBounds().contains(view.home)};
    isSync = wanted;
    sheet.classList.toggle('sync', isSync);
    byId('swipe').setAttribute('aria-pressed', String(!isSync));
    byId('sync').setAttribute('aria-pressed', String(isSync));
    view.measure();
    if (kept.isWhole) view.frame(view.home);
    else map.setView(kept.center, kept.zoom, {animate: false});
    align();
    clip();
  }

  const steps = {ArrowLeft: -0.02, ArrowRight: 0.02, PageDown: -0.1, PageUp: 0.1, Home: -1, End: 1};
  divider.setAttribute('aria-label', label);
  divider.addEventListener('pointerdown', (event) => {
    divider.setPointerCapture(event.pointerId);
    event.preventDefault();
    divider.focus({preventScroll: true});
  });
  divider.addEventListener('pointermove', (event) => {
    if (!divider.hasPointerCapture(event.pointerId)) return;
    const box = sheet.getBoundingClientRect();
    move((event.clientX - box.left) / box.width);
  });
  divider.addEventListener('keydown', (event) => {
    if (!(event.key in steps)) return;
    event.preventDefault();
    move(split + steps[event.key]);
  });
  map.on('resize', align);
  map.on('move zoomend resize', clip);
  follow(map, second);
  follow(second, map);

  return {setMode, clip};
}

/* Shows two scenarios at once: under a curtain, or side by side. Everything here is looked up, nothing is computed;
   text that comes from data is only ever set as text. Plain ES2019. */
function showCompare(map) {
  'use strict';

  /* On paper the maps stand on the first sheet, words and table on one of their own. */
  const panel = document.querySelector('.panel');
  const ground = document.querySelector('.stage');
  const [paper, conclusion, changes, indicators] = ['paper', 'conclusion', 'changes', 'indicators'].map((id) => document.getElementById(id));
  const kept = [indicators, changes, conclusion].map((section) => [section, section.nextElementSibling]);
  const stage = mapStage(map, 'compare', {
    toPaper() {
      paper.append(conclusion, indicators);
      const around = document.querySelector('.masthead').offsetHeight + document.querySelector('footer').offsetHeight;
      ground.style.height = `calc(190mm - ${around + 4}px)`;
      if (panel.scrollHeight > panel.clientHeight) paper.insertBefore(changes, indicators);
    },
    fromPaper() {
      ground.style.height = '';
      kept.forEach(([section, next]) => panel.insertBefore(section, next));
    },
  });

  const {data, elements, view} = stage;
  const {choosable, fillTable} = stage.rows;
  const {words, lines, marks, edges} = data.style;
  const {byId, make, fill, point, sign, dot, stroke, pill, list, card} = elements;
  const {shareLegend} = mapLegend(data.style, elements);
  const {layerRow, dotExamples} = stage.legend;
  const {towns, countyLayer} = mapLayers(map, stage);
  const shown = {uncovered: true, signs: true, changes: true};
  let pair = data.pairs[0];
  let reading = 0;
  let picked = false;

  const chosen = () => data.readings[reading];

  /** The towns that the chosen reading finds changed: [reading, town, way, words]. */
  const movedTowns = () => pair.towns.filter(([where]) => where === reading);

  /** What a town says: both scenarios and the change between them, whichever of them is pointed at. */
  function townCard(town, at) {
    const both = [pair.before, pair.after].map((side) => {
      const row = chosen().sides[side].towns.find(([place]) => place === at);
      const [text, status] = row ? [row[2], pill(row[3])] : [words.no_row, ''];
      return [data.views[side].label, make('span', {}, `${text}　`, status)];
    });
    const moved = movedTowns().find(([, place]) => place === at);
    return card(town.name, [town.county, town.code].join('　'), list([...both, [words.change, moved ? moved[3] : '']]));
  }

  /* ---- two maps, three scenes ---- */

  const {makeScene, mark} = compareScenes(stage, towns, townCard);
  const second = L.map(byId('second'), {zoomControl: false, attributionControl: false, zoomSnap: 0.25});
  second.setView(map.getCenter(), map.getZoom());
  second.createPane('counties');
  Object.assign(second.createPane('names').style, {zIndex: 590});
  const [left, right, beside] = [[map, 'left'], [map, 'right'], [second, 'beside']].map(([one, name]) => makeScene(one, name));
  [map, second].forEach((one) => {
    /* Borders and names lie above the curtain: they are the same on both sides. */
    Object.assign(one.getPane('counties').style, {zIndex: 450, pointerEvents: 'none'});
    countyLayer().addTo(one);
  });
  mapLabels(second);
  const curtain = mapCurtain(map, second, left, right, byId, words.divider);

  function paint() {
    const moved = new Map(movedTowns().map(([, place, way]) => [place, way]));
    const scene = {reading: chosen(), moved, sites: pair.sites, shown};
    left.paint({...scene, view: pair.before, role: 'before'});
    right.paint({...scene, view: pair.after, role: 'after'});
    beside.paint({...scene, view: pair.after, role: 'after'});
  }

  /* ---- the panel ---- */

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
    fill('fills', ...shareLegend(one));
    fill('denominator', `${words[`meaning_${one.basis}`]}：${one.denominator || words.none}`);
    fill('layers', ...layerRows());
    byId('rows').querySelectorAll('tr').forEach((line) => {
      line.classList.toggle('chosen', line.getAttribute('data-reading') === String(at));
    });
    paint();
  }

  /** The first reading by which some town changed: it is shown until the reader picks one. */
  const telling = () => (pair.towns.length ? Math.min(...pair.towns.map(([where]) => where)) : reading);

  function pick(at) {
    picked = true;
    choose(at);
  }

  function choosePair(at) {
    pair = data.pairs[at];
    byId('pair').value = String(at);
    [['left', pair.before], ['right', pair.after]].forEach(([id, side]) => fill(id, data.views[side].label));
    fill('said', ...pair.said.map((text) => make('p', {}, text)));
    fill('sites', ...(pair.sites.length ? pair.sites.map(siteRow) : [make('li', {}, words.no_sites)]));
    const letters = [pair.before, pair.after].map((side) => data.views[side].letter);
    fillTable('rows', [words.indicator, ...letters, words.change], tableRows());
    const kinds = [...new Set(pair.sites.map((site) => site.change))];
    fill('marks', ...kinds.map((change) => make('li', {}, mark(change, 22), marks[change].label)));
    byId('marks').hidden = !kinds.length;
    choose(picked ? reading : telling());
  }

  function siteRow(site) {
    const button = make('button', {type: 'button'}, `${site.word} ${site.number}　${site.name}`,
      make('small', {}, [site.where, site.detail].filter(Boolean).join('　')));
    button.addEventListener('click', () => {
      map.setView(point(site.after || site.before), Math.max(map.getZoom(), map.getBoundsZoom(view.home) + 2), {animate: false});
    });
    return make('li', {}, mark(site.change, 22), button);
  }

  function tableRow(row) {
    const turned = row.status_before !== row.status_after;
    const value = (text, status) => make('td', {}, text, turned && status ? make('small', {}, pill(status)) : null);
    const change = make('td', {class: row.changed ? 'moved' : 'still'}, row.change, row.people ? make('small', {}, row.people) : null);
    const line = make('tr', {'data-reading': row.at}, make('td', {}, row.reading_label),
      value(row.before, row.status_before), value(row.after, row.status_after), change);
    const letters = [pair.before, pair.after].map((side) => data.views[side].letter);
    line.setAttribute('aria-label', `${letters[0]} ${row.before}，${letters[1]} ${row.after}`);
    return row.at < 0 ? line : choosable(line, () => pick(row.at));
  }

  /** One heading a rule, one row a reading of it. */
  function tableRows() {
    let rule = null;
    return pair.rows.flatMap((row) => {
      const isNew = row.rule !== rule;
      rule = row.rule;
      const heading = make('tr', {}, make('th', {colspan: 4, scope: 'rowgroup'}, row.rule_label));
      return isNew ? [heading, tableRow(row)] : [tableRow(row)];
    });
  }

  /** Both scenes are painted anew: what is shown is drawn on either side. */
  function shownRow(key, name, symbol) {
    return layerRow(name, L.layerGroup(), symbol, shown[key], {
      changed() {
        shown[key] = !shown[key];
        paint();
      },
    });
  }

  function layerRows() {
    const [kind] = chosen().kinds;
    const ways = new Set(movedTowns().map(([, , way]) => way));
    const edgeRow = (way) => (ways.has(way)
      ? make('li', {class: 'wide'}, make('label', {}, make('span', {class: 'mark'}, stroke(edges[way])), words[`town_${way}`]))
      : null);
    return [
      shownRow('uncovered', words.uncovered_layer, dot(lines.uncovered, 5)),
      dotExamples(),
      kind ? shownRow('signs', words.signs_layer, sign(kind, 'open')) : null,
      pair.sites.length ? shownRow('changes', words.changes_layer, mark('added', 18)) : null,
      edgeRow('up'),
      edgeRow('down'),
    ];
  }

  fill('pair', ...data.pairs.map((one, at) => make('option', {value: at}, one.label)));
  fill('rule', ...[...rules].map(([rule, [first]]) => make('option', {value: rule}, data.readings[first].rule_label)));
  byId('pair').disabled = data.pairs.length < 2;
  byId('pair').addEventListener('change', () => choosePair(Number(byId('pair').value)));
  byId('rule').addEventListener('change', () => pick(rules.get(byId('rule').value)[0]));
  byId('reading').addEventListener('change', () => pick(Number(byId('reading').value)));
  byId('swipe').addEventListener('click', () => curtain.setMode(false, view));
  byId('sync').addEventListener('click', () => curtain.setMode(true, view));
  curtain.clip();
  choosePair(0);
}
