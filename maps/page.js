/* The page around a map: it shows the views of a scene. Everything is looked up, nothing is computed; text that comes
   from data is only ever set as text. Plain ES2019. */

/** Read the scene of the page; columns that were packed become arrays. */
async function readScene(id) {
  'use strict';

  /** Whole numbers: their differences, the bytes of equal weight together. */
  async function inflated({packed, count}) {
    const text = atob(packed);
    const bytes = new Uint8Array(text.length);
    for (let at = 0; at < text.length; at += 1) bytes[at] = text.charCodeAt(at);
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate'));
    const planes = new Uint8Array(await new Response(stream).arrayBuffer());
    const whole = new Int32Array(count);
    let last = 0;
    for (let at = 0; at < count; at += 1) {
      const step = planes[at] | (planes[count + at] << 8) | (planes[2 * count + at] << 16) | (planes[3 * count + at] << 24);
      last = (last + ((step >>> 1) ^ -(step & 1))) | 0;
      whole[at] = last;
    }
    return whole;
  }

  /** Numbers as they are, from the two halves of each. */
  function floatsOf([low, high]) {
    const halves = new Int32Array(2 * low.length);
    low.forEach((one, at) => { halves.set([one, high[at]], 2 * at); });
    return new Float64Array(halves.buffer);
  }

  /** Lines, each its first point and the steps from one to the next. */
  async function linesOf({points, x, y}) {
    const [sizes, xs, ys] = [await inflated(points), await inflated(x), await inflated(y)];
    let at = 0;
    return Array.from(sizes, (size) => {
      const line = [xs[at], ys[at]];
      for (const end = at + size; at + 1 < end; at += 1) line.push(xs[at + 1] - xs[at], ys[at + 1] - ys[at]);
      at += 1;
      return line;
    });
  }

  async function read(value) {
    if (Array.isArray(value)) {
      for (let at = 0; at < value.length; at += 1) if (typeof value[at] === 'object' && value[at]) value[at] = await read(value[at]);
      return value;
    }
    if (value.packed !== undefined) return inflated(value);
    if (value.points && value.points.packed !== undefined) return linesOf(value);
    if (value.halves) return floatsOf(await Promise.all(value.halves.map(inflated)));
    if (value.scale) return Float64Array.from(await inflated(value.whole), (one) => one / value.scale);
    if (value.texts) return Array.from(Array.isArray(value.index) ? value.index : await inflated(value.index), (at) => value.texts[at]);
    if (value.values && Object.keys(value).length === 1) return value.values;
    for (const key of Object.keys(value)) if (typeof value[key] === 'object' && value[key]) value[key] = await read(value[key]);
    return value;
  }

  return read(JSON.parse(document.getElementById(id).textContent));
}

/* The small parts of a page: elements, signs, cells. Text is only ever set as text. */
function pageElements(style) {
  'use strict';

  const byId = (id) => document.getElementById(id);
  const numbers = mapNumbers();

  function make(tag, attributes, ...children) {
    const node = document.createElement(tag);
    Object.entries(attributes || {}).forEach(([key, value]) => node.setAttribute(key, value));
    node.append(...children.filter((child) => child !== null && child !== undefined && child !== ''));
    return node;
  }

  function makeSvg(tag, attributes, ...children) {
    const node = document.createElementNS('http://www.w3.org/2000/svg', tag);
    Object.entries(attributes).forEach(([key, value]) => node.setAttribute(key, value));
    node.append(...children);
    return node;
  }

  const fill = (id, ...children) => byId(id).replaceChildren(...children.filter(Boolean));

  /** A sign as the legend and the lists show it. */
  function sign(mark, size = Math.min(mark.size, 20), paint = '') {
    const box = makeSvg('svg', {width: size, height: size, viewBox: '-2 -2 28 28', 'aria-hidden': 'true'});
    const line = {stroke: !mark.line || mark.line === style.chrome.paper ? 'none' : mark.line, 'stroke-width': (mark.weight || 1.4) * 24 / size};
    box.append(makeSvg('path', {d: mark.outline, fill: paint || mark.fill || 'none', 'fill-opacity': mark.opacity || 1, ...line}));
    if (mark.glyph) box.append(makeSvg('path', {d: mark.glyph, fill: 'none', stroke: mark.pen, 'stroke-width': 2.4, 'stroke-linecap': 'round'}));
    return box;
  }

  function lineSign({color, weight, dash, fill: inside, fill_opacity: opacity = 1}) {
    const look = {stroke: color || 'none', 'stroke-width': weight || 1, 'stroke-dasharray': dash || 'none'};
    const shape = inside
      ? makeSvg('rect', {x: 1, y: 1, width: 20, height: 12, rx: 3, fill: inside, 'fill-opacity': opacity, ...look})
      : makeSvg('path', {d: 'M1 7H21', fill: 'none', ...look});
    return makeSvg('svg', {width: 22, height: 14, viewBox: '0 0 22 14', 'aria-hidden': 'true'}, shape);
  }

  const swatch = (paint) => make('i', {class: paint === 'hatch' ? 'swatch hatch' : 'swatch', style: paint === 'hatch' ? '' : `background:${paint}`});
  const runs = (said) => said.map(([text, tone]) => (tone ? make('span', {class: tone}, text) : text));

  function list(pairs) {
    const shown = pairs.filter(([, value]) => value !== '' && value !== null && value !== undefined);
    return make('dl', {}, ...shown.flatMap(([term, value]) => [make('dt', {}, term), make('dd', {}, String(value))]));
  }

  /** A name, where it is, and what there is to say. */
  const card = (name, where, pairs) => make('div', {}, make('h3', {}, name), where ? make('p', {class: 'where'}, where) : null, list(pairs));

  return {byId, make, makeSvg, fill, sign, lineSign, swatch, runs, list, card, numbers};
}

/* The panel: the question, its answer, and the blocks of a view; a row leads to its place. */
function pagePanel(scene, elements, go) {
  'use strict';

  const {byId, make, fill, sign, swatch, runs} = elements;
  const rowsAt = new Map();
  let now = -1;

  const keyOf = (to) => (to ? to.join(':') : '');

  /** A row that is chosen by a click or by keys; the arrows go on to the next, so that a table is one stop. */
  function choosable(row, to) {
    row.classList.add('choosable');
    row.tabIndex = -1;
    const step = (by) => {
      const all = [...row.closest('table').querySelectorAll('.choosable')].filter((one) => !one.hidden);
      const next = all[all.indexOf(row) + by];
      if (!next) return;
      row.tabIndex = -1;
      next.tabIndex = 0;
      next.focus();
    };
    row.addEventListener('click', () => {
      if (to[0] === 'view') isChosen = true;
      go.to(to);
    });
    row.addEventListener('mouseenter', () => go.point(to));
    row.addEventListener('mouseleave', () => go.point(null));
    row.addEventListener('keydown', (event) => {
      if (event.key === 'Enter') go.to(to);
      else if (event.key === 'ArrowDown') step(1);
      else if (event.key === 'ArrowUp') step(-1);
      else return;
      event.preventDefault();
    });
    rowsAt.set(keyOf(to), row);
    return row;
  }

  function cell(one) {
    if (typeof one === 'string') return make('td', {}, one);
    const {text = '', small = [], tone = '', mark, paint, bar, right} = one;
    const smaller = small.filter(Boolean).map((line) => make('small', {}, line));
    const width = bar === undefined ? null : make('span', {class: `length ${tone}`}, make('i', {style: `width:${Math.max(bar * 100, 0.5)}%`}));
    const parts = [mark ? sign(mark, 14) : null, paint ? swatch(paint) : null, text ? make('span', {class: tone}, text) : null, width, ...smaller];
    return make('td', right ? {class: 'right'} : {}, ...parts);
  }

  function tableRow({cells, to, head}, width) {
    const row = head ? make('tr', {}, make('th', {colspan: width, scope: 'rowgroup'}, head)) : make('tr', {}, ...cells.map(cell));
    if (to && to[0] === 'view' && to[1] === now) row.classList.add('chosen');
    return to ? choosable(row, to) : row;
  }

  function table({heads = [], rows = [], first = 0}) {
    const width = Math.max(heads.length, ...rows.map((row) => (row.cells || []).length), 1);
    const lines = rows.map((row) => tableRow(row, width));
    const isLong = first > 0 && lines.length > first + 1;
    if (isLong) lines.slice(first).forEach((line) => { line.hidden = true; });
    const head = make('tr', {}, ...heads.map((text) => make('th', {scope: 'col'}, text)));
    const made = make('table', {}, heads.length ? make('thead', {}, head) : null, make('tbody', {}, ...lines));
    const start = made.querySelector('.choosable');
    if (start) start.tabIndex = 0;
    if (!isLong) return [made];
    const more = make('button', {type: 'button', class: 'link'}, `全部 ${lines.length} 行`);
    more.addEventListener('click', () => {
      lines.forEach((line) => { line.hidden = false; });
      more.remove();
    });
    return [made, more];
  }

  function block(one) {
    const title = one.title ? make('header', {}, make('h3', {}, one.title), one.note ? make('span', {}, one.note) : null) : null;
    return make('section', {class: 'block', 'data-paper': one.paper || ''}, title,
      ...(one.text || []).map((said) => make('p', {class: 'said'}, ...runs(said))),
      ...(one.facts ? [elements.list(one.facts)] : []),
      ...(one.rows ? table(one) : []),
      one.quote || one.cite ? make('blockquote', {}, one.quote, one.cite ? make('cite', {}, one.cite) : null) : null);
  }

  function headline({text, unit = '', tone = '', before}) {
    return [before ? make('span', {class: 'before'}, `${before} → `) : null, make('b', {class: tone}, text), unit ? make('span', {class: `unit ${tone}`}, unit) : null];
  }

  function wholeBar({parts, left, right, right_tone: tone = ''}) {
    const drawn = parts.map(([share, look]) => make('i', {class: look, style: `flex:${share} 0 ${share > 0 ? '2px' : '0'}`}));
    return [make('div', {class: 'whole', 'aria-hidden': 'true'}, ...drawn), make('div', {class: 'ends'}, make('span', {}, left || ''), make('span', {class: tone}, right || ''))];
  }

  function write(view, at) {
    now = at;
    rowsAt.clear();
    fill('question', view.question || '');
    fill('under', view.under || '');
    fill('number', ...(view.headline ? headline(view.headline) : []));
    fill('sentence', ...runs(view.sentence || []));
    fill('bar', ...(view.bar ? wholeBar(view.bar) : []));
    fill('blocks', ...(view.blocks || []).map((one) => block(typeof one === 'string' ? scene.shared[one] : one)));
  }

  /** Mark the row that belongs to what is pointed at. */
  function mark(to) {
    document.querySelectorAll('.pointed').forEach((row) => row.classList.remove('pointed'));
    const row = to && rowsAt.get(keyOf(to));
    if (row) row.classList.add('pointed');
  }

  /* ---- the choices: each a list, a later one holding what the earlier ones leave ---- */

  const {views, choices} = scene;
  let isChosen = false; // whether the reader has chosen further than the first choice
  const startsWith = (keys, wanted) => wanted.every((key, at) => keys[at] === key);

  function writeChoices(at) {
    const {keys} = views[at];
    fill('choices', ...choices.map((label, level) => {
      const names = [...new Set(views.filter((one) => startsWith(one.keys, keys.slice(0, level))).map((one) => one.keys[level]))];
      const select = make('select', {id: `choice-${level}`, title: keys[level]}, ...names.map((name) => make('option', {}, name)));
      select.value = keys[level];
      select.disabled = names.length < 2;
      select.addEventListener('change', () => {
        if (level) isChosen = true;
        const lead = level || isChosen ? undefined : (scene.leads || {})[select.value];
        go.view(lead === undefined ? viewAt(keys, level, select.value) : lead);
      });
      return make('label', {class: 'pick'}, make('span', {}, label), select);
    }));
  }

  /** The view with another choice at a level, which keeps the later ones where it can. */
  function viewAt(keys, level, name) {
    const wanted = [...keys.slice(0, level), name];
    const fitting = views.map((one, at) => [one.keys, at]).filter(([own]) => startsWith(own, wanted));
    const kept = ([own]) => keys.slice(level + 1).reduce((all, key, at) => all + (own[level + 1 + at] === key ? 1 : 0), 0);
    return fitting.reduce((best, one) => (kept(one) > kept(best) ? one : best))[1];
  }

  return {write, writeChoices, mark};
}

/* The legend: what the fills mean, and a row for every layer that is on the map; a click hides it or shows it. */
function pageLegend(scene, elements, changed) {
  'use strict';

  const {make, fill, sign, lineSign, swatch, numbers} = elements;
  const {words, dots} = scene.style;
  const groups = ['gap', 'gain', 'facility', 'reach', 'ground'];
  const shown = new Set(scene.layers.filter((layer) => !layer.hidden).map((layer) => layer.key));
  if (scene.roads) ['roads', 'closed'].forEach((key) => shown.add(key));

  function rampOf({title = '', classes = [], others = []}) {
    const boxes = make('div', {class: 'ramp'}, ...classes.map((one) => make('i', {style: `background:${one.fill}`})));
    const ticks = make('div', {class: 'ticks'}, ...classes.map((one) => make('span', {}, one.label)));
    const rest = others.map((one) => make('li', {}, swatch(one.fill), make('span', {}, one.label)));
    return [title ? make('h3', {}, title) : null, ...(classes.length ? [boxes, ticks] : []), rest.length ? make('ul', {class: 'others'}, ...rest) : null];
  }

  function row(key, label, mark, count) {
    const button = make('button', {type: 'button', 'data-layer': key, 'aria-pressed': String(shown.has(key))},
      make('span', {class: 'mark'}, mark), make('span', {class: 'name'}, label),
      count === undefined ? null : make('span', {class: 'count'}, count));
    const item = make('li', {class: shown.has(key) ? '' : 'off'}, button);
    button.addEventListener('click', () => {
      if (!shown.delete(key)) shown.add(key);
      item.classList.toggle('off', !shown.has(key));
      button.setAttribute('aria-pressed', String(shown.has(key)));
      changed();
    });
    return item;
  }

  const contentsOf = (layer, pictures) => pictures.map((one) => (one.contents || {})[layer.key] || (scene.always || {})[layer.key]).filter(Boolean);

  function countOf(layer, contents) {
    const [last] = contents.slice(-1);
    if (layer.kind === 'points') return (last.rows || scene.places[layer.places].name).length;
    return (last.ends || last.areas || last.lines || []).length;
  }

  /** The signs that a layer uses here; of dots that are sized by people three sizes. */
  function marksOf(layer, contents, sized) {
    if (layer.kind !== 'points') return [lineSign(layer.stroke)];
    if (sized) return [6, 10, 14].map((size) => sign(layer.marks[0], size));
    const used = new Set(contents.flatMap((one) => (one.mark ? [...new Set(one.mark)] : [0])));
    return layer.marks.filter((_, at) => used.has(at)).slice(0, 3).map((mark) => sign(mark, Math.min(mark.size, used.size > 1 ? 13 : 18)));
  }

  function layerRow(layer, pictures) {
    const contents = contentsOf(layer, pictures);
    const count = contents.length ? countOf(layer, contents) : 0;
    if (!count) return null;
    const sized = layer.group === 'gap' && contents[0].size;
    const told = layer.kind === 'areas' ? undefined : numbers.count(count);
    const size = sized ? make('span', {class: 'sizes'}, dots) : '';
    const label = contents.map((one) => one.label_of).filter(Boolean)[0] || layer.label;
    return row(layer.key, make('span', {}, label, size), make('span', {class: 'marks'}, ...marksOf(layer, contents, sized)), told);
  }

  function write(view, pictures) {
    const ramp = (scene.ramps || [])[view.ramp || 0];
    fill('ramp', ...(ramp ? rampOf(ramp) : []));
    const ordered = groups.flatMap((group) => scene.layers.filter((layer) => layer.group === group));
    const rows = (isMore) => ordered.filter((layer) => Boolean(layer.more) === isMore).map((layer) => layerRow(layer, pictures));
    const edges = [...new Set(pictures.flatMap((one) => Object.values(one.edges || {})))]
      .map((look) => make('li', {}, make('span', {class: 'key'}, make('span', {class: 'mark'}, lineSign(scene.style.edges[look])), scene.style.edges[look].label)));
    const closed = scene.roads && (scene.roads.closed || []).length
      ? row('closed', scene.closed_label || words.closed_layer, lineSign({color: scene.style.chrome.closed, weight: 2.2, dash: '6 3'})) : null;
    const roads = scene.roads ? row('roads', words.roads_layer, lineSign({color: scene.style.chrome['road-major'], weight: 1.6})) : null;
    fill('layers', ...rows(false), ...edges, closed);
    fill('more', ...rows(true), roads);
    elements.byId('more').parentElement.hidden = !elements.byId('more').childElementCount;
    fill('legend-notes', ...[...((ramp && ramp.notes) || []), ...(scene.notes || [])].map((text) => make('p', {}, text)));
  }

  return {shown, write};
}

/* The search box: towns and places by name, code, county, or the initials of their pinyin. */
function pageSearch(scene, elements, go) {
  'use strict';

  const {byId, make, fill} = elements;
  const {words} = scene.style;
  const MOST = 200; // more than anyone scrolls through; the last line then says that there are more
  const box = byId('search');
  const FIRSTS = [...'阿八嚓哒妸发旮哈讥咔垃痳拏噢妑七呥扨它穵夕丫帀'];
  const LETTERS = [...'abcdefghjklmnopqrstwxyz'];
  let found = [];
  let active = 0;
  let entries = null;

  function initials(name) {
    return [...name].map((char) => {
      if (!/[\u4e00-\u9fff]/.test(char)) return char.toLowerCase();
      const after = FIRSTS.findIndex((first) => first.localeCompare(char, 'zh-Hans-CN-u-co-pinyin') > 0);
      return LETTERS[(after < 0 ? LETTERS.length : after) - 1] || '';
    }).join('');
  }

  /** Towns, then the places as the scene has them; made when the box is first used. */
  function all() {
    if (entries) return entries;
    const {towns} = scene.ground;
    const ofTowns = towns.name.map((name, at) => ({name, code: towns.code[at], where: towns.county[at], to: ['town', at]}));
    const ofPlaces = Object.entries(scene.places || {}).filter(([, places]) => places.found)
      .flatMap(([key, places]) => places.name.map((name, at) => ({name, code: String(places.code[at]), where: places.where[at], to: [key, at]})));
    entries = [...ofTowns, ...ofPlaces].filter((one) => one.name);
    return entries;
  }

  /** 0 where the name begins with the text, 1 where it has it elsewhere, 2 by code, 3 by place, 4 by initials; 5 not at all. */
  function rank(one, text, isLetters) {
    if (one.name.startsWith(text)) return 0;
    if (one.name.includes(text)) return 1;
    if (one.code.startsWith(text)) return 2;
    if (one.where && one.where.includes(text)) return 3;
    if (isLetters && one.letters === undefined) one.letters = initials(one.name);
    return isLetters && one.letters.startsWith(text.toLowerCase()) ? 4 : 5;
  }

  function matching(text) {
    const isLetters = /^[a-zA-Z]{1,8}$/.test(text);
    const ranked = all().map((one) => [rank(one, text, isLetters), one]).filter(([at]) => at < 5);
    return ranked.sort(([one], [other]) => one - other).map(([, one]) => one);
  }

  function close() {
    byId('matches').hidden = true;
    box.setAttribute('aria-expanded', 'false');
  }

  function take(one) {
    box.value = one.name;
    close();
    go.to(one.to);
  }

  function itemOf(one, at) {
    const item = make('li', {role: 'option', id: `match-${at}`}, make('span', {}, one.name), make('span', {}, one.where));
    item.addEventListener('mousedown', (event) => {
      event.preventDefault();
      take(one);
    });
    return item;
  }

  function markActive() {
    byId('matches').querySelectorAll('[role=option]').forEach((item, at) => {
      item.setAttribute('aria-selected', String(at === active));
      if (at === active) item.scrollIntoView({block: 'nearest'});
    });
    if (found.length) box.setAttribute('aria-activedescendant', `match-${active}`);
    else box.removeAttribute('aria-activedescendant');
  }

  function listMatches() {
    const text = box.value.trim();
    const every = text ? matching(text) : [];
    found = every.slice(0, MOST);
    active = 0;
    const items = found.map(itemOf);
    if (!items.length) items.push(make('li', {class: 'none'}, `没有“${text}”。${words.no_match}`));
    if (every.length > MOST) items.push(make('li', {class: 'none'}, words.more_matches));
    fill('matches', ...items);
    byId('matches').hidden = !text;
    byId('matches').scrollTop = 0;
    box.setAttribute('aria-expanded', String(Boolean(text)));
    markActive();
  }

  box.placeholder = scene.search || words.search;
  box.setAttribute('aria-label', scene.search || words.search);
  box.addEventListener('input', listMatches);
  box.addEventListener('focus', () => box.select());
  box.addEventListener('blur', close);
  box.addEventListener('keydown', (event) => {
    if (event.key === 'Enter' && found.length) take(found[active]);
    else if (event.key === 'Escape') close();
    else if (event.key === 'ArrowDown' && found.length) active = (active + 1) % found.length;
    else if (event.key === 'ArrowUp' && found.length) active = (active + found.length - 1) % found.length;
    else return;
    event.preventDefault();
    markActive();
  });
}

/* What stands around: title, notice, one line of furniture, and the long texts behind its links. */
function pageFurniture(scene, elements) {
  'use strict';

  const {byId, make, fill} = elements;
  const {words} = scene.style;
  const {furniture} = scene;

  function sheetOf(title, lines) {
    const button = make('button', {type: 'button', class: 'link'}, title);
    button.addEventListener('click', () => {
      fill('sheet-title', title);
      fill('sheet-text', ...lines);
      byId('sheet').showModal();
    });
    return button;
  }

  const paragraphs = (texts) => texts.filter(Boolean).map((text) => make('p', {}, text));
  document.title = furniture.title;
  fill('title', furniture.title);
  fill('subtitle', furniture.subtitle);
  fill('notice', furniture.notice);
  fill('alarm', scene.alarm || '');
  const facts = [[words.date, furniture.date || words.blank], [words.unit, furniture.unit],
    [words.drawn_by, furniture.drawn_by || words.blank], [words.approval_number, furniture.approval_number || words.blank],
    [words.version, furniture.version], [words.projection, words.projection_value]];
  const long = [[words.sources, furniture.sources.map((one) => one.replace(/[。；]$/, '')).join('；')], [words.accuracy, furniture.accuracy]];
  const written = (name) => ([term, value]) => make('div', {class: name}, `${term}：`, make('b', {}, value));
  const inputs = furniture.inputs.map(([file, hash]) => make('p', {}, file, make('code', {}, hash)));
  fill('furniture', ...facts.filter(([, value]) => value).map(written('short')), ...long.filter(([, value]) => value).map(written('paper-only')),
    make('div', {class: 'links'}, sheetOf(words.sources, paragraphs([...furniture.sources, furniture.drawn_with])),
      sheetOf(words.about, paragraphs([furniture.accuracy, ...furniture.parameters])), sheetOf(words.inputs, inputs)));
}

/* The map itself: a canvas that follows Leaflet, an inset, two pictures under a curtain or side by side. */
function pageMap(map, scene, elements, legend, heard) {
  'use strict';

  const {byId, make, makeSvg} = elements;
  const {words, chrome} = scene.style;
  const painter = scenePainter(scene);
  const inset = byId('inset');
  const home = (view) => view.bounds || scene.bounds || scene.ground.bounds;
  const state = {view: null, pictures: [], town: -1, spot: null, split: 0.5, isSync: false, isPaper: false, names: new Map(), sides: []};
  let framed = true;

  const bounds = ([w, s, e, n]) => L.latLngBounds([s / 1e5, w / 1e5], [n / 1e5, e / 1e5]);
  const shown = () => Object.assign(new Set(legend.shown), {town: state.town, spot: state.spot});
  const ratio = () => (state.isPaper ? 3 : window.devicePixelRatio || 1);

  /** Signs are small on the whole city and grow to their full size as one zooms in. */
  const grown = (frame) => {
    const closeness = Math.log2(frame.scale / painter.frameOf(scene.ground.bounds, frame.width, frame.height).scale);
    return Math.max(0.68, Math.min(1, 0.68 + 0.14 * closeness));
  };

  function sized(canvas, width, height) {
    Object.assign(canvas, {width: Math.round(width * ratio()), height: Math.round(height * ratio())});
    Object.assign(canvas.style, {width: `${width}px`, height: `${height}px`});
    return canvas.getContext('2d');
  }

  /** What names must not cover: the boxes that lie on the map, as the map has its pixels. */
  function room() {
    const own = map.getContainer().getBoundingClientRect();
    return ['legend', 'inset', 'card', 'left', 'right'].map(byId).filter((one) => !one.hidden && one.offsetWidth && getComputedStyle(one).position === 'absolute')
      .map((one) => one.getBoundingClientRect()).map((box) => [box.left - own.left, box.top - own.top, box.right - own.left, box.bottom - own.top]);
  }

  /** The frames of the map: one, or with two pictures a part of the width for each. */
  function frames() {
    const {x: width, y: height} = map.getSize();
    const center = map.getCenter();
    const frame = painter.frameAt(center.lng, center.lat, map.getZoom(), width, height);
    if (state.pictures.length < 2) return [{frame, from: 0, to: width, shift: 0}];
    if (!state.isSync) return [{frame, from: 0, to: width * state.split, shift: 0}, {frame, from: width * state.split, to: width, shift: 0}];
    const half = width / 4 / frame.scale;
    return [{frame: {...frame, left: frame.left + half}, from: 0, to: width / 2, shift: -1}, {frame: {...frame, left: frame.left - half}, from: width / 2, to: width, shift: 1}];
  }

  const Sheet = L.Layer.extend({
    onAdd() {
      this.canvas = make('canvas', {class: 'picture', role: 'img', 'aria-label': words.map});
      L.DomUtil.addClass(this.canvas, 'leaflet-zoom-animated');
      map.getPane('overlayPane').append(this.canvas);
      map.on('move zoomend viewreset resize', this.follow, this);
      map.on('moveend zoomend resize', this.settle, this);
      map.on('zoomanim', this.animate, this);
    },
    follow() { this.draw(true); },
    settle() { this.draw(false); },
    animate({center, zoom}) {
      const scale = map.getZoomScale(zoom, map.getZoom());
      const size = map.getSize();
      const moved = map.project(map.getCenter(), zoom).subtract(map.project(center, zoom));
      L.DomUtil.setTransform(this.canvas, L.DomUtil.getPosition(this.canvas).add(size.multiplyBy((1 - scale) / 2)).add(moved), scale);
    },
    /** Draw; while the map moves the names stay where they were. */
    draw(isMoving) {
      const size = map.getSize();
      if (!state.view || !(size.x > 0 && size.y > 0)) return;
      const pen = sized(this.canvas, size.x, size.y);
      L.DomUtil.setPosition(this.canvas, map.containerPointToLayerPoint([0, 0]));
      const sides = frames();
      const grow = grown(sides[0].frame);
      state.sides = sides.map(({frame, from, to}, at) => {
        pen.save();
        pen.setTransform(1, 0, 0, 1, 0, 0);
        pen.beginPath();
        pen.rect(from * ratio(), 0, (to - from) * ratio(), size.y * ratio());
        pen.clip();
        const names = isMoving ? state.names.get(at) : null;
        const {names: written, drawn} = painter.paint(pen, frame, state.pictures[at], shown(), {ratio: ratio(), grow, names, room: room(), span: [from, to]});
        pen.restore();
        state.names.set(at, written);
        return {frame, from, to, picture: state.pictures[at], drawn};
      });
      if (!isMoving) drawInset();
    },
  });
  const sheet = new Sheet();

  function drawInset() {
    const isRoomy = Boolean(scene.inset) && map.getSize().x > 720 && state.pictures.length === 1;
    inset.hidden = !isRoomy;
    byId('inset-title').hidden = !isRoomy;
    byId('legend').classList.toggle('beside', isRoomy);
    if (!isRoomy) return;
    const width = state.isPaper ? 300 : Math.min(map.getSize().x < 960 ? 320 : 424, Math.round(map.getSize().x * 0.45));
    const height = Math.round(width * 0.82);
    const pen = sized(inset, width, height);
    const frame = painter.frameOf(scene.inset, width, height, 6);
    painter.paint(pen, frame, state.pictures[0], shown(), {ratio: ratio(), grow: 1, room: [[0, 0, 96, 26]]});
    drawPlace(frame);
  }

  /** A thin frame on the main map: which part the inset shows. */
  function drawPlace(frame) {
    const pen = sheet.canvas.getContext('2d');
    const [main] = state.sides;
    if (!main) return;
    const [x, y] = painter.pixel(main.frame, frame.left, frame.top);
    const k = main.frame.scale / frame.scale;
    pen.setTransform(ratio(), 0, 0, ratio(), 0, 0);
    Object.assign(pen, {strokeStyle: chrome.ink, lineWidth: 1});
    pen.strokeRect(x, y, frame.width * k, frame.height * k);
  }

  /* ---- looking at a place ---- */

  function look(where, more = {}) {
    const {x: width, y: height} = map.getSize();
    const beside = state.isPaper ? ['inset'] : ['inset', 'card', 'legend'];
    const right = Math.max(...beside.map(byId).map((one) => (one.hidden || one.open === false ? 0 : one.offsetWidth))) + 36;
    const sides = state.isSync ? {paddingTopLeft: [width / 4, 14], paddingBottomRight: [width / 4, 14]}
      : {paddingTopLeft: [14, 14], paddingBottomRight: [Math.min(right, width * 0.5), 14]};
    if (width > 0 && height > 0) map.fitBounds(bounds(where), {animate: false, ...sides, ...more});
    else map.setView(bounds(where).getCenter(), 9, {animate: false});
  }

  function goHome() {
    look(home(state.view));
    framed = true;
  }

  function visit(lon, lat) {
    map.setView([lat / 1e5, lon / 1e5], Math.max(map.getZoom(), map.getBoundsZoom(bounds(scene.ground.bounds)) + 2), {animate: false});
    framed = false;
  }

  /* ---- pointing ---- */

  function sideAt(x) {
    return state.sides.find(({from, to}) => x >= from && x < to) || state.sides[0];
  }

  function hitAt(point) {
    const side = sideAt(point.x);
    if (!side) return null;
    const found = painter.hit(side.frame, side.picture, shown(), side.drawn, point.x, point.y);
    return found && {...found, picture: side.picture};
  }

  /** [lon, lat] in degrees under a point of the map. */
  function placeAt(point) {
    const {frame} = sideAt(point.x);
    return painter.degrees(frame.left + point.x / frame.scale, frame.top + point.y / frame.scale);
  }

  map.on('mousemove', (event) => heard.over(hitAt(event.containerPoint), event.containerPoint, placeAt(event.containerPoint)));
  map.on('mouseout', () => heard.over(null, null, null));
  map.on('click', (event) => heard.click(hitAt(event.containerPoint), placeAt(event.containerPoint), event));
  map.on('movestart', () => { if (!map.isFraming) framed = false; });

  /* ---- the curtain ---- */

  const divider = byId('divider');

  function moveTo(share) {
    state.split = Math.max(0, Math.min(1, share));
    placeDivider();
    sheet.draw(false);
  }

  function placeDivider() {
    const isTwo = state.pictures.length === 2;
    ['divider', 'left', 'right', 'modes'].forEach((id) => { byId(id).hidden = !isTwo; });
    const place = `${(state.isSync ? 0.5 : state.split) * 100}%`;
    ['divider', 'left', 'right'].forEach((id) => { byId(id).style.left = place; });
    divider.classList.toggle('still', state.isSync);
    divider.setAttribute('aria-valuenow', String(Math.round(state.split * 100)));
    byId('swipe').setAttribute('aria-pressed', String(!state.isSync));
    byId('sync').setAttribute('aria-pressed', String(state.isSync));
  }

  function setSync(wanted) {
    const isHome = framed;
    state.isSync = wanted;
    byId('legend').open = !wanted || map.getSize().x > 1100; // two maps side by side leave it little room
    placeDivider();
    if (isHome) goHome();
    sheet.draw(false);
  }

  const steps = {ArrowLeft: -0.02, ArrowRight: 0.02, PageDown: -0.1, PageUp: 0.1, Home: -1, End: 1};
  divider.setAttribute('aria-label', words.divider);
  divider.addEventListener('pointerdown', (event) => {
    divider.setPointerCapture(event.pointerId);
    event.preventDefault();
    divider.focus({preventScroll: true});
  });
  divider.addEventListener('pointermove', (event) => {
    if (!divider.hasPointerCapture(event.pointerId) || state.isSync) return;
    const box = map.getContainer().getBoundingClientRect();
    moveTo((event.clientX - box.left) / box.width);
  });
  divider.addEventListener('keydown', (event) => {
    if (!(event.key in steps) || state.isSync) return;
    event.preventDefault();
    moveTo(state.split + steps[event.key]);
  });
  byId('swipe').addEventListener('click', () => setSync(false));
  byId('sync').addEventListener('click', () => setSync(true));

  /* ---- controls, size, paper ---- */

  function addControls() {
    const zoom = L.control.zoom({position: 'topleft', zoomInTitle: words.zoom_in, zoomOutTitle: words.zoom_out}).addTo(map);
    const button = make('button', {class: 'home', type: 'button'}, words.home);
    L.DomEvent.disableClickPropagation(button);
    button.addEventListener('click', () => {
      heard.home();
      goHome();
    });
    zoom.getContainer().append(button);
    const arrow = makeSvg('svg', {width: 14, height: 20, viewBox: '0 0 18 24', 'aria-hidden': 'true'},
      makeSvg('path', {d: 'M9 1L16 22 9 17z', fill: chrome.ink}), makeSvg('path', {d: 'M9 1L2 22 9 17z', fill: chrome.ink}));
    const compass = L.control({position: 'topleft'});
    compass.onAdd = () => make('div', {class: 'north'}, words.north, arrow);
    compass.addTo(map);
    L.control.scale({imperial: false, maxWidth: 130, position: 'bottomleft'}).addTo(map);
  }

  /** Show a view: its pictures, and the place that it opens on if the reader has not chosen another. */
  function show(view, pictures) {
    const isNewPlace = !state.view || String(home(view)) !== String(home(state.view));
    Object.assign(state, {view, pictures});
    placeDivider();
    pictures.forEach((picture, at) => {
      const id = ['left', 'right'][at];
      if (pictures.length === 2) byId(id).textContent = picture.label || '';
    });
    drawInset();
    if (framed || (isNewPlace && view.bounds)) goHome();
    sheet.draw(false);
  }

  function choose(town, spot) {
    Object.assign(state, {town, spot});
    sheet.draw(true);
  }

  const container = map.getContainer();
  container.setAttribute('aria-label', words.map);
  container.setAttribute('role', 'application');
  map.options.maxZoom = 18;
  byId('legend').open = document.documentElement.clientWidth > 720;
  map.setView([0, 0], 9, {animate: false});
  framed = true;
  sheet.addTo(map);
  addControls();
  new ResizeObserver(() => {
    map.invalidateSize({animate: false, pan: false});
    if (state.view && framed) goHome();
    sheet.draw(false);
  }).observe(container);

  /* A frame that the page itself sets is not a move of the reader's. */
  const fit = map.fitBounds;
  map.fitBounds = (...of) => {
    map.isFraming = true;
    fit.apply(map, of);
    map.isFraming = false;
    return map;
  };

  let seen = null;
  window.addEventListener('beforeprint', () => {
    seen = {center: map.getCenter(), zoom: map.getZoom(), framed, isSync: state.isSync};
    document.documentElement.classList.add('printing');
    heard.paper(true);
    state.isPaper = true;
    if (state.pictures.length === 2) state.isSync = true;
    placeDivider();
    map.invalidateSize({animate: false, pan: false});
    drawInset();
    if (seen.framed) goHome();
    else sheet.draw(false);
  });
  window.addEventListener('afterprint', () => {
    document.documentElement.classList.remove('printing');
    heard.paper(false);
    Object.assign(state, {isPaper: false, isSync: seen.isSync});
    placeDivider();
    setTimeout(() => {
      map.invalidateSize({animate: false, pan: false});
      map.setView(seen.center, seen.zoom, {animate: false});
      framed = seen.framed;
      sheet.draw(false);
    }, 60);
  });

  return {painter, state, show, choose, visit, look, goHome, hitAt, placeAt, draw: () => sheet.draw(false)};
}

/* Shows a scene. */
async function showScene(map) {
  'use strict';

  if (typeof DecompressionStream === 'undefined') {
    document.getElementById('sentence').textContent = '这个浏览器太旧，画不出地图：请用 Chrome 86 或更新版本打开。';
    return;
  }
  const scene = await readScene('scene');
  scene.layers = scene.layers || [];
  scene.views = scene.views || [];
  scene.choices = scene.choices || [];
  (scene.pictures || []).forEach((one) => {
    if (one.base === undefined && one.fills) return;
    const base = scene.pictures[one.base || 0];
    Object.assign(one, {fills: base.fills, label: one.label || base.label, facts: {...base.facts, ...one.facts}, contents: {...base.contents, ...one.contents}});
  });
  const elements = pageElements(scene.style);
  const {byId, fill, card} = elements;
  const go = {to, point, view: (at) => choose(at)};
  pageFurniture(scene, elements);
  const panel = pagePanel(scene, elements, go);
  const legend = pageLegend(scene, elements, () => stage.draw());
  const stage = pageMap(map, scene, elements, legend, {over, click, home: close, paper});
  pageSearch(scene, elements, go);
  const wanted = Number((window.location.hash.match(/^#v=(\d+)$/) || [])[1]);
  let at = wanted < scene.views.length ? wanted : scene.first || 0;

  const picturesOf = (view) => (view.pictures || []).map((one) => scene.pictures[one]);

  /* ---- what is said of a place ---- */

  /** The facts of a row: those of its place, and those that this picture adds. */
  const factsOf = (facts, row) => Object.entries(facts || {}).map(([term, column]) => [term, column[row]]);

  function cardOf({town, layer, content, at: own, row, picture}) {
    const {towns} = scene.ground;
    if (town >= 0) {
      const facts = stage.state.pictures.length > 1 ? bothFacts(town) : factsOf(picture.facts, town);
      const said = facts.filter(([, value]) => value);
      return card(towns.name[town], [towns.county[town], towns.code[town]].join('　'), said.length ? facts : [['', scene.style.words.no_row]]);
    }
    if (row < 0) return card('', '', factsOf(content.facts, own));
    const places = scene.places[layer.places];
    const label = (content.label_of || layer.label).replace(/（.{4,}）$/, '');
    return card(places.name[row], [places.where[row], label].filter(Boolean).join('　'), [...factsOf(content.facts, own), ...factsOf(places.facts, row)]);
  }

  /** What both pictures say of a town, side by side in words. */
  function bothFacts(town) {
    const [before, after] = stage.state.pictures;
    const terms = [...new Set([...Object.keys(before.facts || {}), ...Object.keys(after.facts || {})])];
    return terms.flatMap((term) => {
      const [one, other] = [before, after].map((picture) => ((picture.facts || {})[term] || [])[town] || '');
      if (one === other || !one || !other) return [[term, one || other]];
      return [[`${term}（${before.label}）`, one], [`${term}（${after.label}）`, other]];
    });
  }

  /** The hit of a place that a row or the search leads to: as the layer that draws it, if one does. */
  function hitOf([key, row]) {
    const {pictures} = stage.state;
    const picture = pictures[pictures.length - 1];
    if (key === 'town') return {town: row, picture};
    const drawn = scene.layers.filter((layer) => layer.kind === 'points' && layer.places === key)
      .map((layer) => ({layer, content: stage.painter.contentOf(picture, layer)})).filter(({content}) => content)
      .map((one) => ({...one, at: Array.prototype.indexOf.call(stage.painter.rowsOf(one.layer, one.content), row)})).filter((one) => one.at >= 0);
    const blank = {layer: {places: key, label: ''}, content: {}, at: 0};
    return {...(drawn[drawn.length - 1] || blank), row, picture};
  }

  const spotOf = ({layer, row}) => [scene.places[layer.places].at.lon[row], scene.places[layer.places].at.lat[row]];

  /* ---- what the reader does ---- */

  function open(hit) {
    const close_ = elements.make('button', {type: 'button', class: 'close', 'aria-label': scene.style.words.close}, '×');
    close_.addEventListener('click', close);
    fill('card', close_, cardOf(hit));
    byId('card').hidden = false;
    byId('tip').hidden = true;
    if (hit.town >= 0) stage.choose(hit.town, null);
    else stage.choose(-1, hit.row >= 0 ? spotOf(hit) : null);
  }

  function close() {
    byId('card').hidden = true;
    stage.choose(-1, null);
  }

  function to(target) {
    if (target[0] === 'view') {
      choose(target[1]);
      return;
    }
    const hit = hitOf(target);
    byId('card').hidden = false; // the place is sought beside it
    if (hit.town >= 0) {
      const [lon, lat] = scene.ground.towns.at[hit.town];
      stage.visit(lon, lat);
    } else stage.visit(...spotOf(hit));
    open(hit);
  }

  function point(target) {
    if (!target || target[0] === 'view') return;
    const hit = hitOf(target);
    if (hit.town >= 0) stage.choose(hit.town, null);
    else stage.choose(-1, spotOf(hit));
  }

  function over(hit, pixel, place) {
    const tip = byId('tip');
    tip.hidden = !hit;
    byId('pointer').textContent = place ? elements.numbers.coordinates(place) : '';
    map.getContainer().classList.toggle('over', Boolean(hit));
    panel.mark(hit && (hit.town >= 0 ? ['town', hit.town] : hit.row >= 0 ? [hit.layer.places, hit.row] : null));
    if (!hit) return;
    fill('tip', cardOf(hit));
    const size = map.getSize();
    const left = pixel.x + 18 + tip.offsetWidth > size.x ? pixel.x - tip.offsetWidth - 14 : pixel.x + 18;
    const top = Math.max(6, Math.min(pixel.y + 12, size.y - tip.offsetHeight - 6));
    Object.assign(tip.style, {left: `${Math.max(4, left)}px`, top: `${top}px`});
  }

  function click(hit, place, event) {
    if (page.clicked && page.clicked(hit, place, event)) return;
    if (hit) open(hit);
    else close();
  }

  function choose(next) {
    at = next;
    const view = scene.views[at];
    close();
    /* The address leads back to this view; a page in a frame has no address of its own. */
    if (window.location.protocol !== 'about:') window.history.replaceState(null, '', `#v=${at}`);
    panel.writeChoices(at);
    show(view, picturesOf(view));
  }

  /** Show a view with pictures, be they the scene's own or made on the spot. */
  function show(view, pictures) {
    panel.write(view, at);
    legend.write(view, pictures);
    stage.show(view, pictures);
  }

  /** On paper the first blocks stay beside the map; the others go onto sheets after it. */
  function paper(isOn) {
    const blocks = [...document.querySelectorAll('.block')];
    if (isOn) {
      blocks.forEach((one, place) => order.set(one, place));
      byId('panel').append(byId('legend'));
      byId('paper').append(...blocks.filter((one) => one.dataset.paper === 'next'));
      const around = document.querySelector('.masthead').offsetHeight + byId('furniture').offsetHeight;
      document.querySelector('.stage').style.height = `calc(188mm - ${around + 8}px)`;
      fitPaper();
    } else {
      document.querySelector('.stage').style.height = '';
      byId('card').before(byId('legend'));
      byId('panel').style.setProperty('--fit', '1');
      byId('blocks').replaceChildren(...[...blocks].sort((one, other) => order.get(one) - order.get(other)));
    }
  }

  /** What does not fit beside the map on paper is set smaller: a sheet has no scroll bar. */
  function fitPaper() {
    const side = byId('panel');
    side.style.setProperty('--fit', '1');
    const share = side.clientHeight / side.scrollHeight;
    if (share < 1) side.style.setProperty('--fit', Math.max(0.6, share * 0.98).toFixed(3));
  }

  const order = new Map();
  byId('print').addEventListener('click', () => window.print());
  document.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') close();
    if (event.key === '/' && document.activeElement.tagName !== 'INPUT') {
      byId('search').focus();
      event.preventDefault();
    }
  });

  const page = {map, scene, elements, panel, legend, stage, choose, show, open, close, to, clicked: null, view: () => at};
  if (scene.views.length) choose(at);
  else if (scene.pictures) show({pictures: [0]}, [scene.pictures[0]]);
  window.fugai = page;
  if (typeof showWhatif === 'function') showWhatif(page);
  document.documentElement.classList.add('ready');
}
