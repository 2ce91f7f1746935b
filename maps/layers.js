/* What pages share about a city: its layers, labels, roads, search, legends and cards. */
/* The layers that every map of a city has: towns, counties, names, roads, and signs at their places. Plain ES2019. */
function mapLayers(map, stage) {
  'use strict';

  const {data, elements, view, tips, legend} = stage;
  const {words, lines} = data.style;
  const {make, rowsOf, point, outline, stroke} = elements;
  const {toggle, layerRow} = legend;
  const towns = rowsOf(data.towns);
  const counties = rowsOf(data.counties);

  /** The towns, painted by paintTowns; `said` returns what one says. */
  function addTowns(said) {
    towns.forEach((town) => {
      town.shape = L.polygon(outline(town.outline), {...lines.town, pane: 'towns', className: 'town'});
      tips.tip(town.shape, () => said(town)).addTo(map);
      town.shape.getElement().setAttribute('data-code', town.code);
      town.shape.on('mouseover', () => town.shape.setStyle(lines.town_hover).bringToFront());
      town.shape.on('mouseout', () => town.shape.setStyle(lines.town));
    });
  }

  /** The towns as the search finds them. */
  const townEntries = () => towns.map((one) => ({...one, where: one.county, go: () => tips.goToTown(one)}));

  const paintTowns = (paintOf) => towns.forEach((town) => town.shape.setStyle({fillColor: paintOf(town)}));

  /** Text on the map that nothing can be done with: a name, a number. */
  function written(at, text, className, pane) {
    const icon = L.divIcon({className, html: make('span', {}, text), iconSize: [0, 0]});
    return L.marker(point(at), {icon, pane, interactive: false, keyboard: false});
  }

  const named = (one, className) => written(one.at, one.name, `place ${className}`, 'names');

  function countyLayer() {
    const line = {...lines.county, pane: 'counties', interactive: false};
    return L.layerGroup([...counties.map((one) => L.polygon(outline(one.outline), line)),
      ...counties.map((one) => named(one, 'county'))]);
  }

  /** Signs that would lie on one of `others`, or under it, stand beside it: each stays seen. */
  function keepApart(signs, others) {
    const places = others.map((one) => [map.latLngToLayerPoint(one.getLatLng()), one.options.icon.options.iconSize[0]]);
    const scale = Number(document.querySelector('.sheet').style.getPropertyValue('--sign-scale'));
    signs.forEach((one) => {
      const at = map.latLngToLayerPoint(one.getLatLng());
      const {html, iconSize: [own]} = one.options.icon.options;
      const [other, size] = places.find(([spot, width]) => at.distanceTo(spot) < scale * (own + width) / 2) || [];
      const wanted = other ? (at.x < other.x ? -1 : 1) * (own + size) / 2 - (at.x - other.x) / scale : 0;
      html.style.setProperty('--shift', `${wanted}px`);
    });
  }

  function marker(at, box, size, className, {shift = 0, order = size * 40} = {}) {
    const html = make('span', {style: `--shift:${shift}px`}, box);
    const icon = L.divIcon({className: `sign ${className}`, html, iconSize: [size, size]});
    return L.marker(point(at), {icon, keyboard: false, zIndexOffset: order});
  }

  /** How far each sign is put aside: those on the same spot stand side by side, the first on the spot itself. */
  function shifts() {
    const taken = new Map();
    return (at, size) => {
      const spot = at.join();
      const shift = taken.has(spot) ? taken.get(spot) + size / 2 : 0;
      taken.set(spot, shift + size / 2);
      return shift;
    };
  }

  /* Names of towns would cover each other on the whole city: they wait until there is room. */
  const townNames = L.layerGroup(towns.map((town) => named(town, 'town')));
  const namesWanted = L.layerGroup();

  /** Signs are small on the whole city and grow to their full size as one zooms in. */
  function zoomed() {
    const scale = Math.max(0.68, Math.min(1, 0.68 + 0.14 * view.closer()));
    document.querySelector('.sheet').style.setProperty('--sign-scale', scale.toFixed(2));
    toggle(townNames, map.hasLayer(namesWanted) && view.closer() >= 1);
  }

  /** The last rows of every legend: roads, counties, names. */
  function groundRows() {
    const names = layerRow(words.names_layer, namesWanted, '', true, {changed: zoomed});
    names.classList.add('no-print');
    zoomed();
    return [
      ...mapRoads(data, elements).rows(layerRow, false),
      layerRow(words.counties_layer, countyLayer(), stroke(lines.county), true),
      names,
    ];
  }

  map.on('zoomend resize', zoomed);
  zoomed();
  mapLabels(map);

  return {towns, addTowns, townEntries, paintTowns, countyLayer, written, marker, keepApart, shifts, groundRows};
}

/* Where labels stand: clear of the signs and of each other, inside the map; the same view has them in the same places.
   Plain ES2019. */
function mapLabels(map) {
  'use strict';

  const container = map.getContainer();
  const near = (one, other) => one[0] ** 2 + (2 * one[1]) ** 2 - other[0] ** 2 - (2 * other[1]) ** 2;
  const shifts = [0, -10, 10, -20, 20, -30, 30].flatMap((dx) => [0, -6, 6, -12, 12, -18, 18].map((dy) => [dx, dy])).sort(near);

  /** A name may stand a little off its place, not so far that it would be its neighbour's. */
  const around = () => shifts;

  /** What belongs to a sign stands beside it: by turns right, left, below, above, and at its corners. */
  const beside = (gap) => (wide, high, isLeft) => {
    const [dx, dy] = [(wide / 2 + gap) * (isLeft ? -1 : 1), high / 2 + gap];
    const [x, y] = [dx * 0.75, dy * 0.9];
    return [[dx, 0], [-dx, 0], [0, dy], [0, -dy], [x, -y], [x, y], [-x, -y], [-x, y]];
  };

  /* In the order in which they choose. Those that may be thinned say less, or nothing, where there is no room. */
  const groups = [
    {select: '.change b', spots: beside(17), mayThin: true},
    {select: '.order span', spots: beside(11)},
    {select: '.load span', spots: beside(11)},
    {select: '.place.county span', spots: around},
    {select: '.place.town span', spots: around},
  ];
  const signs = '.sign svg';
  const firm = '.change svg, .leaflet-control';

  const boxOf = (element) => {
    const {left, top, right, bottom} = element.getBoundingClientRect();
    return {left, top, right, bottom};
  };
  const shared = (one, other) => Math.max(0, Math.min(one.right, other.right) - Math.max(one.left, other.left))
    * Math.max(0, Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top));
  const area = (box) => (box.right - box.left) * (box.bottom - box.top);

  /** [what it covers that must stay free, what it covers besides] of a label at this place. */
  function covers(box, room, taken) {
    const over = (list) => list.reduce((sum, other) => sum + shared(box, other), 0);
    return [area(box) - shared(box, room) + over(taken.firm), over(taken.signs)];
  }

  /** The first place that covers nothing, else the one that covers least. */
  function best({at, high, isLeft, spots}, wide, room, taken) {
    let found = null;
    spots(wide, high, isLeft).some(([dx, dy]) => {
      const [x, y] = [at.x + dx, at.y + dy];
      const box = {left: x - wide / 2, top: y - high / 2, right: x + wide / 2, bottom: y + high / 2};
      const [hard, soft] = covers(box, room, taken);
      const cost = 4 * hard + soft;
      if (!found || cost < found.cost) found = {dx, dy, box, hard, cost};
      return cost === 0;
    });
    return found;
  }

  /** Read where a label belongs and how large it is; null where it is not seen. */
  function measured(element, group, room) {
    const icon = boxOf(element.closest('.leaflet-marker-icon'));
    const at = {x: (icon.left + icon.right) / 2, y: (icon.top + icon.bottom) / 2};
    const [wide, high] = [element.offsetWidth, element.offsetHeight];
    if (!wide || at.x < room.left || at.x > room.right || at.y < room.top || at.y > room.bottom) return null;
    const word = element.querySelector('i');
    const isLeft = element.parentElement.classList.contains('beside');
    return {...group, element, at, wide, high, isLeft, short: word ? wide - word.offsetWidth : wide};
  }

  /** Choose a place; then the label's own place is taken too. */
  function chosen(label, room, taken) {
    const whole = best(label, label.wide, room, taken);
    const short = label.mayThin && whole.hard > 0 ? best(label, label.short, room, taken) : null;
    const found = short || whole;
    const state = !short ? '' : short.hard > 0 ? 'none' : 'short';
    if (state !== 'none') taken.firm.push(found.box);
    return {element: label.element, state, dx: found.dx, dy: found.dy};
  }

  /** All is read, then chosen, then written: the page is laid out once. */
  function place() {
    const found = groups.map((group) => [group, [...container.querySelectorAll(group.select)]]);
    found.forEach(([group, elements]) => group.mayThin && elements.forEach((one) => one.classList.remove('short', 'none')));
    const room = boxOf(container);
    const inRoom = (select) => [...container.querySelectorAll(select)].map(boxOf).filter((box) => shared(box, room) > 0);
    const banners = [...document.querySelectorAll('.banner')].map(boxOf);
    const taken = {signs: inRoom(signs), firm: [...inRoom(firm), ...banners]};
    const labels = found.flatMap(([group, elements]) => elements.map((one) => measured(one, group, room))).filter(Boolean);
    labels.map((label) => chosen(label, room, taken)).forEach(({element, state, dx, dy}) => {
      if (state) element.classList.add(state);
      element.style.setProperty('--dx', `${dx}px`);
      element.style.setProperty('--dy', `${dy}px`);
    });
  }

  let asked = 0;
  const ask = () => {
    cancelAnimationFrame(asked);
    asked = requestAnimationFrame(place);
  };
  map.on('zoomend moveend resize layeradd layerremove', ask);
  window.addEventListener('beforeprint', place);
  ask();
}

/* The roads: those to find one's way by, and over them those that are closed, dashed and crossed. Plain ES2019. */
function mapRoads(data, elements, more) {
  'use strict';

  const {words, lines} = data.style;
  const {make, makeSvg, point, unpacked, stroke} = elements;
  const roads = data.roads || {minor: [], major: [], closed: [], crosses: []};

  const path = (kind, pane, className) => L.polyline(roads[kind].map(unpacked),
    {...lines[`road_${kind}`], pane, className, interactive: false, ...more});

  function crossAt(at) {
    const html = make('span', {style: `color:${lines.road_closed.color}`}, '✕');
    const icon = L.divIcon({className: 'cross', html, iconSize: [12, 12]});
    return L.marker(point(at), {icon, interactive: false, keyboard: false});
  }

  function closedMark() {
    const box = stroke(lines.road_closed);
    const pen = {fill: 'none', stroke: lines.road_closed.color, 'stroke-width': 1.8};
    box.append(makeSvg('path', {d: 'M9 3l6 8M15 3l-6 8', ...pen}));
    return box;
  }

  const open = L.layerGroup([path('minor', 'roads', 'road'), path('major', 'roads', 'road')]);
  const closed = L.layerGroup([path('closed', 'closed', 'closed-road'), ...roads.crosses.map(crossAt)]);

  /** Their rows of the legend; what is closed is shown whether the open roads are or not. */
  const rows = (layerRow, isShown) => [
    data.roads ? layerRow(words.roads_layer, open, stroke(lines.road_major), isShown) : null,
    roads.closed.length ? layerRow(words.closed_layer, closed, closedMark(), true) : null,
  ];

  return {open, closed, rows};
}

/* The search box: towns, villages and facilities by name or code. Plain ES2019. */
function mapSearch(entries, words, elements) {
  'use strict';

  const {byId, make, fill} = elements;
  const MOST = 200; // more than anyone scrolls through; the last line then says that there are more
  const box = byId('search');
  let found = [];
  let active = 0;

  /** 0 where the name begins with the text, 1 where it has it elsewhere, 2 by code, 3 by county; 4 not at all. */
  function rank(one, text) {
    if (one.name.startsWith(text)) return 0;
    if (one.name.includes(text)) return 1;
    if (one.code.startsWith(text)) return 2;
    return one.county && one.county.includes(text) ? 3 : 4;
  }

  /** The matches, best first; of equal rank towns before villages before facilities, as the entries stand. */
  function matching(text) {
    const ranked = entries.map((one) => [rank(one, text), one]).filter(([at]) => at < 4);
    return ranked.sort(([one], [other]) => one - other).map(([, one]) => one);
  }

  function close() {
    byId('matches').hidden = true;
    box.setAttribute('aria-expanded', 'false');
  }

  function take(one) {
    box.value = one.name;
    close();
    one.go();
  }

  function itemOf(one, at) {
    const names = [one.name, one.where].map((name) => make('span', {}, name));
    const item = make('li', {role: 'option', id: `match-${at}`}, ...names);
    item.addEventListener('mousedown', (event) => {
      event.preventDefault();
      take(one);
    });
    return item;
  }

  function listMatches() {
    const text = box.value.trim();
    const all = text ? matching(text) : [];
    found = all.slice(0, MOST);
    active = 0;
    const items = found.map(itemOf);
    if (!items.length) items.push(make('li', {class: 'none'}, words.no_match));
    if (all.length > MOST) items.push(make('li', {class: 'none'}, words.more_matches));
    fill('matches', ...items);
    byId('matches').hidden = !text;
    byId('matches').scrollTop = 0;
    box.setAttribute('aria-expanded', String(Boolean(text)));
    markActive();
  }

  function markActive() {
    byId('matches').querySelectorAll('[role=option]').forEach((item, at) => {
      item.setAttribute('aria-selected', String(at === active));
      if (at === active) item.scrollIntoView({block: 'nearest'});
    });
    if (found.length) box.setAttribute('aria-activedescendant', `match-${active}`);
    else box.removeAttribute('aria-activedescendant');
  }

  function onKey(event) {
    if (event.key === 'Enter' && found.length) take(found[active]);
    else if (event.key === 'Escape') close();
    else if (event.key === 'ArrowDown' && found.length) active = (active + 1) % found.length;
    else if (event.key === 'ArrowUp' && found.length) active = (active + found.length - 1) % found.length;
    else return;
    event.preventDefault();
    markActive();
  }

  box.parentElement.hidden = false;
  box.placeholder = words.search;
  box.setAttribute('aria-label', words.search);
  box.addEventListener('input', listMatches);
  box.addEventListener('focus', () => box.select());
  box.addEventListener('keydown', onKey);
  box.addEventListener('blur', close);
}

/* The legend of a fill and the figures beside it, for one (rule, reading). Plain ES2019. */
function mapLegend(style, elements) {
  'use strict';

  const {words, fills, status} = style;
  const {make, people, swatch, pill, tag} = elements;

  /** A ramp of shares; for a rule about each town itself only its two ends. */
  function shareLegend(chosen) {
    const classes = fills.slice(0, -2);
    const others = fills.slice(-2).map((one) => make('span', {}, swatch(one.fill), one.label));
    if (chosen.basis === 'unit') {
      const [holds, fails] = chosen.judged ? [status.met, status.not_met] : [words.holds, words.fails];
      const ends = [make('span', {}, swatch(classes[classes.length - 1].fill), holds),
        make('span', {}, swatch(classes[0].fill), fails)];
      return [make('div', {class: 'others'}, ...ends), make('div', {class: 'others'}, ...others)];
    }
    const boxes = classes.map((one) => make('i', {style: `background:${one.fill}`, title: one.label}));
    const ramp = make('div', {class: 'ramp'}, ...boxes);
    const labels = make('div', {class: 'ramp-labels'}, ...classes.map((one) => make('span', {}, one.label)));
    return [ramp, labels, make('div', {class: 'others'}, ...others)];
  }

  function countyRow(row, isPeople) {
    const name = make('td', {}, row.subject_name, row.known_text ? make('small', {}, row.known_text) : null);
    const count = isPeople ? null : make('td', {class: 'number'}, row.value_text);
    if (!row.share_text) return make('tr', {}, name, count, make('td', {}, words.none), make('td', {}, status[row.status]));
    const bar = make('i', {style: `width:${row.share_text};background:${fills[row.fill].fill}`});
    const share = make('td', {class: 'number'}, row.share_text);
    return make('tr', {}, name, count, share, make('td', {class: 'bar'}, make('span', {}, bar)));
  }

  function cityLines(row, isPeople) {
    if (!row) return [make('span', {class: 'line'}, words.no_city_row)];
    const counts = ['covered', 'uncovered', 'unreachable']
      .filter((name) => row[name] || (name === 'covered' && row.population))
      .map((name) => `${words[name]} ${people(row[name])}`);
    const share = isPeople || !row.share_text ? [] : [`${row.status === 'not_judged' ? words.unit_share_unjudged : words.unit_share} ${row.share_text}`];
    const left = [...share, ...counts].join('，');
    return [
      make('span', {class: 'big'}, row.value_text || words.none),
      pill(row.status),
      row.estimated ? tag(words.estimated) : null,
      make('span', {class: 'line'}, left + row.known_text),
      make('span', {class: 'line'}, `${words.required}：${row.required_text || words.none}`),
    ];
  }

  return {shareLegend, countyRow, cityLines};
}

/* What a tooltip says of a row of findings, of a facility and of a village. Plain ES2019. */
function mapCards(style, elements) {
  'use strict';

  const {words, symbols} = style;
  const {make, number, numbers, people, pill, tag, list, card} = elements;

  /** The clause word for word: it has quotation marks of its own, so it is given none. */
  function quotation(row) {
    if (!row.quote && !row.document) return null;
    const place = [row.document, row.section, row.nature].filter(Boolean).join('　');
    return make('blockquote', {}, row.quote ? `${words.quote}：${row.quote}` : '', make('cite', {}, place));
  }

  const some = (value) => (value ? people(value) : '');

  /** What was measured: a share of people, or units out of units. */
  function measured(row, isPeople) {
    if (isPeople) {
      return [[words.share, row.share_text && `${row.share_text}（${number(row.covered)} / ${people(row.population)}）`]];
    }
    const share = row.share_text ? `（${row.share_text}）` : '';
    return [[words.value, row.value_text && row.value_text + share], [words.covered, some(row.covered)]];
  }

  function findingCard(name, where, row, isEstimatedPlace, isPeople) {
    if (!row) return card(name, where, make('div', {}, words.no_row));
    const far = [row.distance_m === null ? '' : numbers.kilometres(row.distance_m),
      row.time_min === null ? '' : numbers.minutes(row.time_min)].filter(Boolean);
    return card(
      name,
      where,
      make('div', {class: 'pills'}, pill(row.status), row.estimated || isEstimatedPlace ? tag(words.estimated) : null),
      list([
        ...measured(row, isPeople),
        [words.uncovered, some(row.uncovered)],
        [words.unreachable, some(row.unreachable)],
        [words.population_no_data, some(row.population_no_data)],
        [words.required, row.required_text],
        [words.nearest, row.nearest_facility_name && [row.nearest_facility_name, ...far].join('，')],
        [words.remedy, row.remedy],
        [words.note, row.note],
      ]),
      quotation(row),
    );
  }

  function facilityCard(one) {
    return card(
      one.name,
      [symbols[one.kind].label, one.status_label, one.town].filter(Boolean).join('　'),
      one.estimated ? make('div', {class: 'pills'}, tag(words.estimated_point)) : null,
      list([
        [words.decided, one.decided],
        [words.host, one.host],
        [words.grade, one.grade],
        [words.owner, one.owner],
        [words.beds, one.beds === null ? '' : `${number(one.beds)} ${words.beds_unit}`],
        [words.source, one.source],
      ]),
    );
  }

  function villageCard(one) {
    return card(
      one.name,
      one.where,
      one.estimated ? make('div', {class: 'pills'}, tag(words.estimated_point)) : null,
      list([[words.population, people(one.population)], [words.code, one.code]]),
    );
  }

  return {quotation, findingCard, facilityCard, villageCard};
}

/* What the pages of plans share: signs, figures, and lists whose lines lead to a place on the map. Plain ES2019. */
function planPage(map, name, options) {
  'use strict';

  const stage = mapStage(map, name, options);
  const layers = mapLayers(map, stage);
  const {data, elements, tips, rows} = stage;
  const {marks} = data.style;
  const {make, fill, swatch, drawn} = elements;

  const sign = (kind) => drawn(marks[kind]);
  const placeOf = (one) => [one.county, one.town].filter(Boolean).join('　');

  /** The sign of a kind at its place, with what its tooltip says. */
  function signAt(at, kind, className, said, shift) {
    return tips.tip(layers.marker(at, sign(kind), marks[kind].size, className, {shift}), said);
  }

  /** Figures, each with its term; those without a text are left out. */
  function showFacts(pairs) {
    const given = pairs.filter(([, text]) => text);
    fill('facts', ...given.flatMap(([term, text]) => [make('dt', {}, term), make('dd', {}, text)]));
  }

  /** A table of places: of each line its cells, a cell being its parts, and what happens when it is chosen. */
  function showLines(id, heads, lines) {
    const made = lines.map(({cells, go}) =>
      rows.choosable(make('tr', {}, ...cells.map((parts) => make('td', {}, ...[].concat(parts)))), go));
    rows.fillTable(id, heads, made);
  }

  /** A name, and under it in small letters what else there is to say. */
  const named = (text, ...smaller) => [make('span', {}, text), ...smaller.filter(Boolean).map((one) => make('small', {}, one))];
  const swatched = (paint, label) => make('span', {}, swatch(paint), label);
  const option = (value, text) => make('option', {value}, text);

  /** Towns can be found, and places: [what has a name and stands somewhere, its code, where, what it says]. */
  function find(...places) {
    const found = places.flat().map(([one, code, where, said]) => (
      {name: one.name, code, where, go: () => tips.goToSpot(one.at, said())}));
    mapSearch([...layers.townEntries(), ...found], data.style.words, elements);
  }

  fill('told', data.told);

  return {stage, layers, sign, signAt, placeOf, showFacts, showLines, named, swatched, option, find};
}
