/* Try sites on the map: add, drag, close, and see at once who gains. How far is far stands in travel.js, and is reckoned as
   Python does, so that what stands here is what `fugai run` finds. Plain ES2019. */

/* The ways of travelling, each made when it is first asked for. */
function whatifWays(tool) {
  'use strict';

  const made = new Map();
  let joints = null;

  function roads() {
    const {arcs} = tool.roads;
    if (!joints) {
      arcs.head = arcs.head.map((one, at) => one + arcs.tail[at]);
      joints = roadJoints(tool.roads);
    }
    return joints;
  }

  const reach = Math.max(20e6, ...tool.questions.filter((one) => one.travel === 'paper').map((one) => 2 * one.limit));
  const make = (travel) => (travel === 'paper' ? straightWay(tool.people, reach) : roadWay(tool.roads, roads(), travel === 'road_time'));

  return (travel) => {
    if (!made.has(travel)) made.set(travel, make(travel));
    return made.get(travel);
  };
}

/* One question: who is within the limit of which place. */
function whatifJudge(everyone, question, way) {
  'use strict';

  const {rows} = question;
  const count = everyone.population.length;
  const people = new Float64Array(count);
  rows.forEach((row) => { people[row] = everyone.population[row]; });
  const most = (column) => column.reduce((high, one) => (one > high ? one : high), -1) + 1;
  const parts = {town: new Float64Array(most(everyone.town)), village: new Float64Array(most(everyone.village))};
  let all = 0;
  rows.forEach((row) => {
    all += people[row];
    parts.town[everyone.town[row]] += people[row];
    parts.village[everyone.village[row]] += people[row];
  });

  /** How far everybody is (`far`), held against a limit: people, and by town and village how many are left out. */
  function judged(far, limit) {
    const left = {town: new Float64Array(parts.town.length), village: new Float64Array(parts.village.length)};
    let out = 0;
    for (let at = 0; at < rows.length; at += 1) {
      const row = rows[at];
      if (!(far[row] <= limit)) {
        out += people[row];
        left.town[everyone.town[row]] += people[row];
        left.village[everyone.village[row]] += people[row];
      }
    }
    return {all, covered: all - out, parts, left, far};
  }

  /** Of the points that are left out, the one around which most of them would be covered: a heuristic, one site at a time. */
  function best(far, limit) {
    const rest = people.map((one, at) => (far[at] <= limit ? 0 : one));
    const left = Array.from(rows).filter((row) => rest[row] > 0);
    const tried = left.sort((one, other) => people[other] - people[one] || one - other).slice(0, count > 50000 ? 60 : 400);
    return tried.reduce((found, at) => {
      const gain = way().gain([everyone.lon[at], everyone.lat[at]], limit, rest);
      return gain > found.gain ? {gain, at: [everyone.lon[at], everyone.lat[at]]} : found;
    }, {gain: 0, at: null});
  }

  return {judged, best, nearest: (places) => way().nearest(places)};
}

function showWhatif(page) {
  'use strict';

  const {map, scene, elements, stage} = page;
  const {make, byId, numbers} = elements;
  const {tool} = scene;
  const names = scene.places;
  const wayOf = whatifWays(tool);
  const judges = tool.questions.map((one) => whatifJudge(tool.people, one, () => wayOf(one.travel)));
  const {lon, lat} = tool.facilities;
  const {towns} = scene.ground;
  const ids = names.facilities.code;
  const today = {name: '今天', edits: [], undone: []};
  const plans = [today, {name: '试点 A', edits: [], undone: []}];
  let plan = plans[1];
  let question = 0;
  let limit = tool.questions[0].limit;
  let armed = true;

  const asked = () => tool.questions[question];
  const isTime = () => asked().travel === 'road_time';
  const limitText = (value) => (isTime() ? numbers.minutes(value / 60000) : numbers.kilometres(value / 1000));
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

  const todays = new Map();

  /** How far everybody is as things stand today; reckoned once. */
  function farToday() {
    if (!todays.has(question)) todays.set(question, judges[question].nearest(placesOf([])));
    return todays.get(question);
  }

  const judge = (edits) => judges[question].judged(edits.length ? judges[question].nearest(placesOf(edits)) : farToday(), limit);

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
    now.left.village.forEach((left, row) => {
      const was = before.left.village[row];
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
      within: {areas: asked().travel === 'paper' ? placesOf(plan.edits).map(circleAt) : []},
      facilities: {rows: shown, mark: shown.map((at) => (closed.has(ids[at]) ? kinds.length : kinds.indexOf(tool.facilities.kind[at]))), facts: {}},
    };
    if (sites.length) contents.sites = {rows: sites.map((_, at) => at), mark: sites.map((one) => (one.isMoved ? 1 : 0)), facts: {}};
    if (villages.uncovered.length) contents.uncovered = contentOf(villages.uncovered, '未覆盖');
    if (villages.gained.length) contents.gained = contentOf(villages.gained, '新覆盖');
    if (villages.lost.length) contents.lost = contentOf(villages.lost, '不再覆盖');
    const rows = towns.name.map((_, at) => [now.parts.town[at] || 0, now.left.town[at] || 0]);
    const told = (of) => rows.map((row, at) => (row[0] ? `${numbers.count(of.left.town[at])} 人` : ''));
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
    const rows = Array.from(now.left.town, (left, at) => ({at, left, was: before.left.town[at]})).filter((one) => one.left || one.was);
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
      under: `${one.readingLabel}。${one.required}（限度 ${limitText(limit)}${limit === one.limit ? '' : '，不是条款的数'}）`,
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
    const found = judges[question].best(judges[question].nearest(placesOf(plan.edits)), limit);
    if (found.at) add(...found.at);
    else say('再加一处也覆盖不到更多的人。');
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

  /** What the scenario says of the limit: minutes are asked for, another limit than the clause's is an assumption. */
  function limitLines() {
    if (isTime()) return [`roads: ${JSON.stringify({minutes: limit / 60000})}`];
    if (limit === asked().limit) return [];
    return ['overrides:', `  - ${JSON.stringify({rule: asked().rule, params: {[asked().param]: limit / 1e6}})}`];
  }

  const exported = () => [`name: ${JSON.stringify(plan.name)}`, `rules: ${JSON.stringify(tool.rules)}`, ...limitLines(),
    ...(scenarioEdits().length ? ['edits:', ...scenarioEdits().map((edit) => `  - ${JSON.stringify(edit)}`)] : []), ''].join('\n');

  /** The plan of a file that was exported here; it throws what it cannot read. */
  function opened(text) {
    const said = text.split('\n').filter((line) => line.startsWith('  - {')).map((line) => JSON.parse(line.slice(4)));
    const known = (id) => ids.includes(id);
    const edits = said.filter((one) => !one.rule).map((one) => {
      if (one.open) return {do: 'open', ...one.open};
      if (one.move && known(one.move)) return {do: 'move', id: one.move, lon: one.lon, lat: one.lat};
      if (one.close && known(one.close)) return {do: 'close', id: one.close};
      throw new Error(JSON.stringify(one));
    });
    const name = (text.match(/^name: "(.*)"$/m) || [])[1];
    if (!name || (!edits.length && /^edits:/m.test(text))) throw new Error(text.slice(0, 60));
    const minutes = JSON.parse((text.match(/^roads: (\{.*\})$/m) || [null, '{}'])[1]);
    const [other] = said.filter((one) => one.rule);
    const wanted = tool.questions.findIndex((one) => (minutes.minutes ? one.travel === 'road_time' : other && one.rule === other.rule));
    if (wanted >= 0) {
      if (asked().rule !== tool.questions[wanted].rule) question = wanted;
      limit = minutes.minutes ? minutes.minutes * 60000 : other.params[asked().param] * 1e6;
    }
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

  /** The edits as a table that `fugai run` reads, too, and that one fills in further: what it costs, when, why. */
  function editTable() {
    const heads = ['动作', '机构名称', '编号', '类型', '经度', '纬度', '费用（万元）', '年份', '理由'];
    const nameOf = (id) => names.facilities.name[ids.indexOf(id)];
    const rows = scenarioEdits().map(({open, move: moved, close: gone, lon: x, lat: y}) => (open
      ? ['新建', open.name, open.id, tool.kinds[open.kind], open.lon, open.lat]
      : [moved ? '迁移' : '关闭', nameOf(moved || gone), moved || gone, '', ...(moved ? [x, y] : ['', ''])]));
    return `\ufeff${[heads, ...rows.map((row) => [...row, '', '', ''])].map((row) => row.map(cell).join(',')).join('\r\n')}\r\n`;
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

  function ask(wanted) {
    question = wanted;
    ({limit} = asked());
    show();
  }

  const WAYS = {paper: '直线距离', road: '道路距离', road_time: '道路时间'};

  /** The same people and kind asked by another way of travelling, where there is such a reading. */
  function wayPick() {
    const alike = (travel) => tool.questions.findIndex((one) => one.travel === travel && one.kinds[0] === asked().kinds[0] && one.who === asked().who);
    const buttons = Object.entries(WAYS).map(([travel, text]) => {
      const at = travel === asked().travel ? question : alike(travel);
      const one = button(text, () => ask(at), {kind: 'tab', isOff: at < 0});
      if (at < 0) one.title = tool.roads ? '这套规则没有这样的口径' : '没有路网，只按直线';
      one.setAttribute('aria-pressed', String(travel === asked().travel));
      return one;
    });
    return make('div', {class: 'tabs', role: 'group', 'aria-label': '走法'}, ...buttons);
  }

  function questionPick() {
    const select = make('select', {id: 'whatif-question'}, ...tool.questions.map((one, at) => make('option', {value: at}, `${one.label}（${one.readingLabel}）`)));
    select.value = String(question);
    select.disabled = tool.questions.length < 2;
    select.addEventListener('change', () => ask(Number(select.value)));
    const unit = isTime() ? 60000 : 1e6;
    const highest = Math.max(isTime() ? 60 : 20, (2 * asked().limit) / unit);
    const slider = make('input', {id: 'whatif-limit', type: 'range', min: isTime() ? '1' : '0.5', max: String(highest), step: isTime() ? '1' : '0.5', value: String(limit / unit), 'aria-label': isTime() ? '限度（分钟）' : '限度（公里）'});
    slider.addEventListener('input', () => {
      limit = Math.round(Number(slider.value) * unit);
      show();
    });
    const back = button('条款的数', () => {
      ({limit} = asked());
      show();
    }, {isOff: limit === asked().limit});
    return [make('label', {class: 'pick'}, make('span', {}, '指标'), select), wayPick(), make('label', {class: 'pick'}, make('span', {}, '限度'), slider, make('b', {}, limitText(limit)), back)];
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
      button('导出改动表', () => save(`${safe}_改动.csv`, editTable(), 'text/csv'), {isOff: !plan.edits.length}), button('打开方案', () => file.click()), button('导出清单', () => save(`${safe}_未覆盖.csv`, gapList(), 'text/csv')), file, said);
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

  page.whatif = {ask, wayOf, add, move, close, reopen, remove, undo, redo, suggest, exported, editTable, opened, gapList, plans, choosePlan,
    state: () => ({plan: plan.name, edits: plan.edits, question, limit}), judged: () => {
      const now = judge(plan.edits);
      return {all: now.all, covered: now.covered};
    }};
  byId('panel').append(make('div', {id: 'tools-below'}));
  show();
}
