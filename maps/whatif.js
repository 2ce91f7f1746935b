/* Try sites on the map: add, drag, close, and see at once who gains. Distances are geodesics in whole millimetres, as
   planner/travel.py has them, so that what stands here is what `fugai run` finds. Plain ES2019. */

/** The geodesic between two places in metres (Vincenty's inverse; to better than a thousandth of a millimetre at these lengths). */
function geodesic(lon1, lat1, lon2, lat2) {
  'use strict';

  const A = 6378137;
  const F = 1 / 298.257223563;
  const B = A * (1 - F);
  const rad = Math.PI / 180;
  if (lon1 === lon2 && lat1 === lat2) return 0;
  const [u1, u2] = [lat1, lat2].map((lat) => Math.atan((1 - F) * Math.tan(lat * rad)));
  const [s1, c1, s2, c2] = [Math.sin(u1), Math.cos(u1), Math.sin(u2), Math.cos(u2)];
  const wide = (lon2 - lon1) * rad;
  let lambda = wide;
  for (let tries = 0; tries < 200; tries += 1) {
    const [sl, cl] = [Math.sin(lambda), Math.cos(lambda)];
    const sine = Math.hypot(c2 * sl, c1 * s2 - s1 * c2 * cl);
    const cosine = s1 * s2 + c1 * c2 * cl;
    const sigma = Math.atan2(sine, cosine);
    const alpha = (c1 * c2 * sl) / sine;
    const squared = 1 - alpha * alpha;
    const middle = squared === 0 ? 0 : cosine - (2 * s1 * s2) / squared;
    const c = (F / 16) * squared * (4 + F * (4 - 3 * squared));
    const before = lambda;
    lambda = wide + (1 - c) * F * alpha * (sigma + c * sine * (middle + c * cosine * (2 * middle * middle - 1)));
    if (Math.abs(lambda - before) < 1e-13) {
      const u = (squared * (A * A - B * B)) / (B * B);
      const big = 1 + (u / 16384) * (4096 + u * (-768 + u * (320 - 175 * u)));
      const small = (u / 1024) * (256 + u * (-128 + u * (74 - 47 * u)));
      const bend = small * sine * (middle + (small / 4) * (cosine * (2 * middle * middle - 1)
        - (small / 6) * middle * (4 * sine * sine - 3) * (4 * middle * middle - 3)));
      return B * big * (sigma - bend);
    }
  }
  return Infinity;
}

/* One question: who is within the limit of which place. A place's people are reckoned once and kept while it stands. */
function whatifJudge(everyone, question) {
  'use strict';

  const {rows} = question;
  const of = (column) => Array.from(rows, (row) => column[row]);
  const degrees = ({scale, whole}) => Float64Array.from(rows, (row) => whole[row] / scale);
  const [lon, lat] = [degrees(everyone.lon), degrees(everyone.lat)];
  const [people, town, village] = [everyone.population, everyone.town, everyone.village].map(of);
  const count = people.length;
  const METRES = 110500; // less than a degree of latitude anywhere

  /** The points within so many millimetres of a place: [point, mm] by turns. */
  function within([x, y], limit) {
    const reach = limit / 1000;
    const high = reach / METRES;
    const wide = high / Math.max(0.01, Math.cos((Math.min(89, Math.abs(y) + high) * Math.PI) / 180));
    const found = [];
    for (let at = 0; at < count; at += 1) {
      if (Math.abs(lat[at] - y) <= high && Math.abs(lon[at] - x) <= wide) {
        const far = Math.round(geodesic(x, y, lon[at], lat[at]) * 1000);
        if (far <= limit) found.push(at, far);
      }
    }
    return found;
  }

  const kept = new Map();

  function near(place, limit) {
    const key = `${place.join()}|${limit}`;
    if (!kept.has(key)) {
      if (kept.size > 400) kept.clear();
      kept.set(key, within(place, limit));
    }
    return kept.get(key);
  }

  /** For each point the millimetres to the nearest of these places, Infinity beyond the limit. */
  function nearest(places, limit) {
    const far = new Float64Array(count).fill(Infinity);
    places.forEach((place) => {
      const pairs = near(place, limit);
      for (let at = 0; at < pairs.length; at += 2) if (pairs[at + 1] < far[pairs[at]]) far[pairs[at]] = pairs[at + 1];
    });
    return far;
  }

  /** What a set of places covers: people, and by town and village how many there are and how many are left out. */
  function judged(places, limit) {
    const far = nearest(places, limit);
    const sums = {all: 0, covered: 0, town: new Map(), village: new Map(), far};
    for (let at = 0; at < count; at += 1) {
      const left = far[at] <= limit ? 0 : people[at];
      sums.all += people[at];
      sums.covered += people[at] - left;
      [[sums.town, town[at]], [sums.village, village[at]]].forEach(([of, key]) => {
        const row = of.get(key) || [0, 0];
        of.set(key, [row[0] + people[at], row[1] + left]);
      });
    }
    return sums;
  }

  /** Of the points that are left out, the one around which most of them would be covered: a heuristic, one site at a time. */
  function best(far, limit) {
    const left = [];
    for (let at = 0; at < count; at += 1) if (far[at] > limit) left.push(at);
    const tried = [...left].sort((one, other) => people[other] - people[one] || one - other).slice(0, 400);
    return tried.reduce((found, at) => {
      const pairs = within([lon[at], lat[at]], limit);
      let gain = 0;
      for (let pair = 0; pair < pairs.length; pair += 2) if (far[pairs[pair]] > limit) gain += people[pairs[pair]];
      return gain > found.gain ? {gain, at: [lon[at], lat[at]]} : found;
    }, {gain: 0, at: null});
  }

  return {judged, best, count, lon, lat};
}

function showWhatif(page) {
  'use strict';

  const {map, scene, elements, stage} = page;
  const {make, byId, numbers} = elements;
  const {tool} = scene;
  const names = scene.places;
  const judges = tool.questions.map((one) => whatifJudge(tool.people, one));
  const degrees = ({scale, whole}) => Array.from(whole, (one) => one / scale);
  const [lon, lat] = [degrees(tool.facilities.lon), degrees(tool.facilities.lat)];
  const {towns} = scene.ground;
  const ids = names.facilities.code;
  const today = {name: '今天', edits: [], undone: []};
  const plans = [today, {name: '试点 A', edits: [], undone: []}];
  let plan = plans[1];
  let question = 0;
  let limit = tool.questions[0].limit;
  let armed = true;

  const asked = () => tool.questions[question];
  const rounded = (one) => Math.round(one * 1e6) / 1e6;

  /* ---- a plan: edits in the order in which they were made; what stands follows from them ---- */

  /** The sites that a plan opens or moves, and the facilities that it closes. */
  function standing(edits) {
    const [sites, closed] = [new Map(), new Set()];
    edits.forEach((edit) => {
      if (edit.do === 'open') sites.set(edit.id, {...edit});
      else if (edit.do === 'move' && sites.has(edit.id)) Object.assign(sites.get(edit.id), {lon: edit.lon, lat: edit.lat});
      else if (edit.do === 'move') sites.set(edit.id, {...edit, name: names.facilities.name[ids.indexOf(edit.id)], kind: tool.facilities.kind[ids.indexOf(edit.id)], isMoved: true});
      else if (edit.do === 'close') closed.add(edit.id);
      else if (edit.do === 'reopen') closed.delete(edit.id);
      else if (edit.do === 'remove') sites.delete(edit.id);
    });
    return {sites: [...sites.values()], closed, moved: new Set([...sites.values()].filter((one) => one.isMoved).map((one) => one.id))};
  }

  function placesOf(edits) {
    const {sites, closed, moved} = standing(edits);
    const {kinds, open} = asked();
    const old = ids.map((id, at) => [id, at]).filter(([id, at]) => open[at] && !closed.has(id) && !moved.has(id)).map(([, at]) => [lon[at], lat[at]]);
    const fresh = sites.filter((one) => kinds.includes(one.kind) && !closed.has(one.id)).map((one) => [one.lon, one.lat]);
    return [...old, ...fresh];
  }

  const judge = (edits) => judges[question].judged(placesOf(edits), limit);

  /* ---- what the page shows of it ---- */

  const classOf = ([all, left]) => {
    if (!all) return 6;
    if (!left) return 0;
    return [0, 0.1, 0.3, 0.6].filter((end) => left / all >= end).length;
  };

  function circleAt([x, y]) {
    const [high, wide] = [limit / 1000 / 110574, limit / 1000 / (111320 * Math.cos((y * Math.PI) / 180))];
    const steps = [];
    let [px, py] = [0, 0];
    for (let at = 0; at < 72; at += 1) {
      const [lx, ly] = [Math.round((x + wide * Math.cos((at * Math.PI) / 36)) * 1e5), Math.round((y + high * Math.sin((at * Math.PI) / 36)) * 1e5)];
      steps.push(lx - px, ly - py);
      [px, py] = [lx, ly];
    }
    return [steps];
  }

  const sized = (people) => 2 * Math.min(2.2 + 0.09 * Math.sqrt(people), 14);

  /** Villages by what becomes of them: those left out, and those whose people left out are fewer or more than today. */
  function villagesOf(before, now) {
    const rows = {uncovered: [], gained: [], lost: []};
    now.village.forEach(([, left], row) => {
      const was = before.village.get(row)[1];
      if (left) rows.uncovered.push([row, left]);
      if (left < was) rows.gained.push([row, was - left]);
      if (left > was) rows.lost.push([row, left - was]);
    });
    Object.values(rows).forEach((all) => all.sort((one, other) => other[1] - one[1]));
    return rows;
  }

  const contentOf = (rows, term) => ({rows: rows.map(([row]) => row), size: rows.map(([, people]) => sized(people)),
    facts: {[term]: rows.map(([, people]) => `${numbers.count(people)} 人`)}});

  function pictureOf(before, now) {
    const {sites, closed, moved} = standing(plan.edits);
    const villages = villagesOf(before, now);
    names.sites.at = {lon: sites.map((one) => Math.round(one.lon * 1e5)), lat: sites.map((one) => Math.round(one.lat * 1e5))};
    stage.painter.forget(names.sites);
    Object.assign(names.sites, {name: sites.map((one) => one.name), where: sites.map((one) => tool.kinds[one.kind]), code: sites.map((one) => one.id), facts: {坐标: sites.map((one) => numbers.coordinates([one.lon, one.lat]))}});
    const shown = ids.map((id, at) => at).filter((at) => !moved.has(ids[at]) && (tool.facilities.status[at] === 'open') && asked().kinds.includes(tool.facilities.kind[at]));
    const kinds = Object.keys(tool.kinds);
    const contents = {
      within: {areas: placesOf(plan.edits).map(circleAt)},
      facilities: {rows: shown, mark: shown.map((at) => (closed.has(ids[at]) ? kinds.length : kinds.indexOf(tool.facilities.kind[at]))), facts: {}},
    };
    if (sites.length) contents.sites = {rows: sites.map((_, at) => at), mark: sites.map((one) => (one.isMoved ? 1 : 0)), facts: {}};
    if (villages.uncovered.length) contents.uncovered = contentOf(villages.uncovered, '未覆盖');
    if (villages.gained.length) contents.gained = contentOf(villages.gained, '新覆盖');
    if (villages.lost.length) contents.lost = contentOf(villages.lost, '不再覆盖');
    const rows = towns.name.map((_, at) => now.town.get(at) || [0, 0]);
    const told = (of) => rows.map((row, at) => (row[0] ? `${numbers.count((of.town.get(at) || [0, 0])[1])} 人` : ''));
    return {fills: rows.map(classOf), facts: {所问人口: rows.map(([all]) => (all ? `${numbers.count(all)} 人` : '')), '未覆盖（今天）': told(before), '未覆盖（方案）': told(now)}, contents};
  }

  const share = (part, whole) => numbers.share(part, whole);

  function sentenceOf(before, now) {
    const {gained, lost} = villagesOf(before, now);
    const sum = (rows) => rows.reduce((all, [, people]) => all + people, 0);
    if (!plan.edits.length) return [['在地图上点一下，加一处', ''], [tool.kinds[asked().kinds[0]], 'strong'], ['；拖动它，或点开已有机构把它关掉，数字马上跟着变。', '']];
    const said = [[`${plan.edits.length} 步改动，新覆盖 `, ''], [`${numbers.count(sum(gained))} 人`, 'gain'], ['，', ''],
      [sum(lost) ? `${numbers.count(sum(lost))} 人不再覆盖` : '没有人失去覆盖', sum(lost) ? 'gap' : ''], ['。', '']];
    return asked().judged ? [...said, ['条款', ''], [now.covered === now.all ? '已达标' : '仍未达标', now.covered === now.all ? 'gain' : 'gap'], ['。', '']] : said;
  }

  function worstRows(before, now) {
    const rows = [...now.town].map(([at, [, left]]) => ({at, left, was: before.town.get(at)[1]})).filter((one) => one.left || one.was);
    return rows.sort((one, other) => Math.max(other.left, other.was) - Math.max(one.left, one.was) || one.at - other.at).slice(0, 10)
      .map(({at, left, was}) => ({to: ['town', at], cells: [towns.name[at], {text: `${numbers.count(was)} →`, tone: 'quiet', right: true},
        {text: numbers.count(left), tone: left < was ? 'gain' : left ? 'gap' : '', right: true}]}));
  }

  const VERBS = {open: '新设', move: '迁址', close: '停用', reopen: '恢复', remove: '撤掉'};

  function editRows() {
    const {sites} = standing(plan.edits);
    return plan.edits.map((edit) => {
      const at = ids.indexOf(edit.id);
      const name = edit.name || (at >= 0 ? names.facilities.name[at] : (sites.find((one) => one.id === edit.id) || {name: edit.id}).name);
      const where = edit.lon === undefined ? '' : numbers.coordinates([edit.lon, edit.lat]);
      return {cells: [{text: `${VERBS[edit.do]}　${name}`, small: [where]}]};
    });
  }

  function viewOf(before, now) {
    const one = asked();
    const [left, was] = [now.all - now.covered, before.all - before.covered];
    const parts = [[before.covered / before.all, 'done'], [Math.max(0, now.covered - before.covered) / before.all, 'gain'], [left / before.all, 'gap']];
    return {
      question: one.label,
      under: `${one.readingLabel}。${one.required}（限度 ${numbers.kilometres(limit / 1000)}${limit === one.limit ? '' : '，不是条款的数'}）`,
      headline: {text: numbers.count(left), unit: '人', tone: left ? 'gap' : '', before: plan === today || was === left ? '' : numbers.count(was)},
      sentence: sentenceOf(before, now),
      bar: before.all ? {parts, left: was === left ? `覆盖 ${share(now.covered, now.all)}` : `覆盖 ${share(before.covered, before.all)} → ${share(now.covered, now.all)}`, right: `共 ${numbers.count(now.all)} 人`} : null,
      blocks: [
        {title: '改动', note: `${plan.edits.length} 步`, rows: editRows(), paper: 'first'},
        {title: '未覆盖最多的乡镇（街道）', note: '今天 → 方案', rows: worstRows(before, now), paper: 'first'},
        {title: one.quote ? '条款' : '', quote: one.quote, cite: one.cite, paper: 'next'},
      ].filter((block) => (block.rows || []).length || block.quote),
    };
  }

  let shownAt = '';

  function show() {
    const before = judge([]);
    const now = judge(plan.edits);
    page.show(viewOf(before, now), [pictureOf(before, now)]);
    writeTools(now);
    const said = `${numbers.count(now.all - now.covered)}`;
    if (said !== shownAt) shownAt = said;
    return {all: now.all, covered: now.covered, before: before.covered};
  }

  /* ---- what one does ---- */

  function act(edit) {
    if (plan === today) choosePlan(plans[1]);
    plan.edits = [...plan.edits, edit];
    plan.undone = [];
    return show();
  }

  function nextId() {
    const used = new Set([...ids, ...plan.edits.map((one) => one.id)]);
    let number = 1;
    while (used.has(`NEW${number}`)) number += 1;
    return `NEW${number}`;
  }

  function add(x, y, kind = asked().kinds[0]) {
    const id = nextId();
    return act({do: 'open', id, kind, name: `拟设${tool.kinds[kind]}${id.slice(3)}`, lon: rounded(x), lat: rounded(y)});
  }

  const move = (id, x, y) => act({do: 'move', id, lon: rounded(x), lat: rounded(y)});
  const close = (id) => act({do: 'close', id});
  const reopen = (id) => act({do: 'reopen', id});
  const remove = (id) => act({do: 'remove', id});

  function undo() {
    if (!plan.edits.length) return;
    plan.undone = [plan.edits[plan.edits.length - 1], ...plan.undone];
    plan.edits = plan.edits.slice(0, -1);
    show();
  }

  function redo() {
    if (!plan.undone.length) return;
    plan.edits = [...plan.edits, plan.undone[0]];
    plan.undone = plan.undone.slice(1);
    show();
  }

  function choosePlan(wanted) {
    plan = wanted;
    show();
  }

  function suggest() {
    const now = judge(plan.edits);
    const found = judges[question].best(now.far, limit);
    if (found.at) add(...found.at);
  }

  /* ---- a scenario as `fugai run` reads it ---- */

  /** The edits that lead from today to where the plan stands, each site once. */
  function scenarioEdits() {
    const {sites, closed} = standing(plan.edits);
    const opened = sites.filter((one) => !one.isMoved && !closed.has(one.id)).map(({id, kind, name, lon: x, lat: y}) => ({open: {id, kind, name, lon: x, lat: y}}));
    const moved = sites.filter((one) => one.isMoved && !closed.has(one.id)).map(({id, lon: x, lat: y}) => ({move: id, lon: x, lat: y}));
    const gone = [...closed].filter((id) => ids.includes(id)).map((id) => ({close: id}));
    return [...opened, ...moved, ...gone];
  }

  const exported = () => [`name: ${JSON.stringify(plan.name)}`, `rules: ${JSON.stringify(tool.rules)}`,
    ...(scenarioEdits().length ? ['edits:', ...scenarioEdits().map((edit) => `  - ${JSON.stringify(edit)}`)] : []), ''].join('\n');

  /** The plan of a file that was exported here; null with a word of what is wrong where it is not one. */
  function opened(text) {
    const lines = text.split('\n').filter((line) => line.startsWith('  - {'));
    const known = (id) => ids.includes(id);
    const edits = lines.map((line) => {
      const one = JSON.parse(line.slice(4));
      if (one.open) return {do: 'open', ...one.open};
      if (one.move && known(one.move)) return {do: 'move', id: one.move, lon: one.lon, lat: one.lat};
      if (one.close && known(one.close)) return {do: 'close', id: one.close};
      throw new Error(line);
    });
    const name = (text.match(/^name: "(.*)"$/m) || [])[1];
    if (!name || (!lines.length && /^edits:/m.test(text))) throw new Error(text.slice(0, 60));
    return {name: JSON.parse(`"${name}"`), edits, undone: []};
  }

  async function openFile(file) {
    try {
      plans.push(opened(await file.text()));
      choosePlan(plans[plans.length - 1]);
    } catch (error) {
      say(`打不开“${file.name}”：只能打开本页导出的方案（每步改动一行），方案没有变。`);
    }
  }

  function save(name, text, type) {
    const link = make('a', {download: name, href: URL.createObjectURL(new Blob([text], {type}))});
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  }

  const guarded = (text) => (/^[=+\-@\t\r]/.test(text) ? `'${text}` : text);
  const cell = (text) => `"${guarded(String(text)).replace(/"/g, '""')}"`;

  function gapList() {
    const rows = villagesOf(judge([]), judge(plan.edits)).uncovered.map(([row, left]) =>
      [names.villages.where[row], names.villages.name[row], names.villages.code[row], left]);
    return `\ufeff${[['乡镇（街道）', '居民点', '代码', '未覆盖人口'], ...rows].map((row) => row.map(cell).join(',')).join('\r\n')}\r\n`;
  }

  /* ---- the tools ---- */

  const said = make('p', {class: 'said', role: 'status'});
  const say = (text) => { said.textContent = text; };

  function button(text, does, {isOff = false, kind = ''} = {}) {
    const one = make('button', {type: 'button', class: kind}, text);
    one.disabled = isOff;
    one.addEventListener('click', does);
    return one;
  }

  function planTabs() {
    const tabs = plans.map((one) => {
      const tab = button(one.name, () => choosePlan(one), {kind: 'tab'});
      tab.setAttribute('aria-pressed', String(one === plan));
      return tab;
    });
    return make('div', {class: 'tabs', role: 'group', 'aria-label': '方案'}, ...tabs, button('＋ 新方案', () => {
      plans.push({name: `试点 ${String.fromCharCode(64 + plans.length)}`, edits: [...plan.edits], undone: []});
      choosePlan(plans[plans.length - 1]);
    }, {kind: 'tab'}));
  }

  function questionPick() {
    const select = make('select', {id: 'whatif-question'}, ...tool.questions.map((one, at) => make('option', {value: at}, `${one.label}（${one.readingLabel}）`)));
    select.value = String(question);
    select.disabled = tool.questions.length < 2;
    select.addEventListener('change', () => {
      question = Number(select.value);
      ({limit} = asked());
      show();
    });
    const slider = make('input', {id: 'whatif-limit', type: 'range', min: '500', max: String(Math.max(20000, (2 * asked().limit) / 1000)), step: '500', value: String(limit / 1000), 'aria-label': '限度（米）'});
    slider.addEventListener('input', () => {
      limit = Number(slider.value) * 1000;
      show();
    });
    const back = button('条款的数', () => {
      ({limit} = asked());
      show();
    }, {isOff: limit === asked().limit});
    return [make('label', {class: 'pick'}, make('span', {}, '指标'), select), make('label', {class: 'pick'}, make('span', {}, '限度'), slider, make('b', {}, numbers.kilometres(limit / 1000)), back)];
  }

  function writeTools() {
    const focused = document.activeElement && document.activeElement.id;
    elements.fill('choices', planTabs(), ...questionPick());
    if (focused && focused.startsWith('whatif')) byId(focused).focus();
    const file = make('input', {type: 'file', accept: '.yaml,.yml', hidden: ''});
    file.addEventListener('change', () => file.files[0] && openFile(file.files[0]));
    const safe = plan.name.replace(/[\\/:*?"<>|\s]+/g, '_');
    elements.fill('tools-below',
      button('↶ 撤销', undo, {isOff: !plan.edits.length}), button('↷ 重做', redo, {isOff: !plan.undone.length}),
      button('建议下一处（启发式）', suggest), button('导出方案', () => save(`${safe}.yaml`, exported(), 'text/yaml'), {kind: 'main'}),
      button('打开方案', () => file.click()), button('导出清单', () => save(`${safe}_未覆盖.csv`, gapList(), 'text/csv')), file, said);
  }

  /* ---- the pointer: a click adds or opens, a drag moves ---- */

  const idOf = (hit) => {
    if (!hit || !hit.layer) return null;
    if (hit.layer.key === 'sites') return names.sites.code[hit.row];
    return hit.layer.key === 'facilities' ? ids[hit.row] : null;
  };

  let dragged = null;

  map.on('mousedown', (event) => {
    const id = idOf(stage.hitAt(event.containerPoint));
    if (!id || event.originalEvent.button) return;
    dragged = {id, from: event.containerPoint, has: false, edits: plan.edits};
    map.dragging.disable();
  });
  map.on('mousemove', (event) => {
    if (!dragged || (!dragged.has && event.containerPoint.distanceTo(dragged.from) < 4)) return;
    dragged.has = true;
    const [x, y] = stage.placeAt(event.containerPoint);
    if (plan === today) plan = plans[1];
    plan.edits = [...dragged.edits, {do: 'move', id: dragged.id, lon: rounded(x), lat: rounded(y)}];
    plan.undone = [];
    show();
  });
  const drop = () => {
    if (!dragged) return;
    map.dragging.enable();
    const was = dragged;
    dragged = was.has ? {id: null, has: true} : null;
    setTimeout(() => { dragged = null; }, 0); // the click that ends a drag adds nothing
  };
  map.on('mouseup', drop);
  document.addEventListener('mouseup', drop);

  page.clicked = (hit, place) => {
    if (dragged && dragged.has) return true;
    const id = idOf(hit);
    if (id) {
      page.open(hit);
      byId('card').append(siteTools(id));
      return true;
    }
    if (armed) add(...place);
    return true;
  };

  function siteTools(id) {
    const {closed} = standing(plan.edits);
    const isOld = ids.includes(id);
    const after = (does) => () => {
      page.close();
      does(id);
    };
    return make('div', {class: 'site-tools'},
      isOld && !closed.has(id) ? button('关闭这一处', after(close)) : null,
      isOld && closed.has(id) ? button('恢复', after(reopen)) : null,
      isOld ? null : button('撤掉', after(remove)));
  }

  document.addEventListener('keydown', (event) => {
    if (!(event.ctrlKey || event.metaKey) || event.target.tagName === 'INPUT') return;
    if (event.key === 'z') undo();
    else if (event.key === 'y') redo();
    else return;
    event.preventDefault();
  });

  page.whatif = {add, move, close, reopen, remove, undo, redo, suggest, exported, opened, gapList, plans, choosePlan,
    state: () => ({plan: plan.name, edits: plan.edits, question, limit}), judged: () => {
      const now = judge(plan.edits);
      return {all: now.all, covered: now.covered};
    }};
  byId('panel').append(make('div', {id: 'tools-below'}));
  show();
}
