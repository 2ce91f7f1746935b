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

  /** How many people are within the limit now and were not, and the other way round: point by point, so that none offsets another. */
  function changed(was, is, limit) {
    const sums = {gained: 0, lost: 0};
    rows.forEach((row) => {
      if (is[row] <= limit && !(was[row] <= limit)) sums.gained += people[row];
      if (was[row] <= limit && !(is[row] <= limit)) sums.lost += people[row];
    });
    return sums;
  }

  /** How many people live so far away, in steps of a width; the last of `count` holds all beyond, and who has no way. */
  function spreadOf(far, width, steps) {
    const sums = new Float64Array(steps);
    rows.forEach((row) => { sums[Math.min(steps - 1, Math.max(0, Math.ceil(far[row] / width) - 1))] += people[row]; });
    return sums;
  }

  return {judged, best, changed, spreadOf, nearest: (places) => way().nearest(places)};
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
  const isRoad = () => asked().travel !== 'paper';
  const isTime = () => asked().travel === 'road_time';
  const limitText = (value) => (isTime() ? numbers.minutes(value / 60000) : numbers.kilometres(value / 1000));
  const rounded = (one) => Math.round(one * 1e6) / 1e6;

  /* ---- a plan: edits in the order in which they were made; what stands follows from them ---- */

  /** The sites that a plan opens or moves, and the facilities that it closes. */
  function standing(edits) {
    const [sites, closed, kinds] = [new Map(), new Set(), new Map()];
    edits.forEach((edit) => {
      if (edit.do === 'open') sites.set(edit.id, {...edit});
      else if (edit.do === 'move' && sites.has(edit.id)) Object.assign(sites.get(edit.id), {lon: edit.lon, lat: edit.lat});
      else if (edit.do === 'move') sites.set(edit.id, {...edit, name: names.facilities.name[ids.indexOf(edit.id)], kind: kinds.get(edit.id) || tool.facilities.kind[ids.indexOf(edit.id)], isMoved: true});
      else if (edit.do === 'close') closed.add(edit.id);
      else if (edit.do === 'reopen') closed.delete(edit.id);
      else if (edit.do === 'change' && sites.has(edit.id)) sites.get(edit.id).kind = edit.kind;
      if (edit.do === 'change' && ids.includes(edit.id)) kinds.set(edit.id, edit.kind);
      else if (edit.do === 'remove') sites.delete(edit.id);
    });
    return {sites: [...sites.values()], closed, kinds, moved: new Set([...sites.values()].filter((one) => one.isMoved).map((one) => one.id))};
  }

  function placesOf(edits) {
    const {sites, closed, moved, kinds} = standing(edits);
    const counts = (id, at) => (kinds.has(id) ? tool.facilities.status[at] === 'open' && asked().kinds.includes(kinds.get(id)) : asked().open[at]);
    const old = ids.map((id, at) => [id, at]).filter(([id, at]) => counts(id, at) && !closed.has(id) && !moved.has(id)).map(([, at]) => [lon[at], lat[at]]);
    const fresh = sites.filter((one) => asked().kinds.includes(one.kind) && !closed.has(one.id)).map((one) => [one.lon, one.lat]);
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
    const {sites, closed, moved, kinds: changedKinds} = standing(plan.edits);
    const villages = villagesOf(before, now);
    names.sites.at = {lon: sites.map((one) => Math.round(one.lon * 1e5)), lat: sites.map((one) => Math.round(one.lat * 1e5))};
    stage.painter.forget(names.sites);
    Object.assign(names.sites, {name: sites.map((one) => one.name), where: sites.map((one) => tool.kinds[one.kind]), code: sites.map((one) => one.id), facts: {坐标: sites.map((one) => numbers.coordinates([one.lon, one.lat]))}});
    const kindOf = (at) => changedKinds.get(ids[at]) || tool.facilities.kind[at];
    const shown = ids.map((id, at) => at).filter((at) => !moved.has(ids[at]) && (tool.facilities.status[at] === 'open'));
    const kinds = Object.keys(tool.kinds);
    const counted = shown.filter((at) => asked().kinds.includes(kindOf(at)));
    const rest = shown.filter((at) => !asked().kinds.includes(kindOf(at)));
    const marked = (rows) => ({rows, mark: rows.map((at) => (closed.has(ids[at]) ? kinds.length : kinds.indexOf(kindOf(at)))), facts: {}});
    const contents = {
      within: {areas: asked().travel === 'paper' ? placesOf(plan.edits).map(circleAt) : []},
      facilities: marked(counted),
    };
    if (rest.length) contents.others = marked(rest);
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
    const {gained, lost} = judges[question].changed(before.far, now.far, limit);
    if (!plan.edits.length) return [[window.matchMedia('(pointer: coarse)').matches ? '在地图上按住不放，加一处' : '在地图上点一下，加一处', ''], [tool.kinds[asked().kinds[0]], 'strong'], ['；拖动它，或点开已有机构把它关掉，数字马上跟着变。', '']];
    const said = [[`${plan.edits.length} 步改动，新覆盖 `, ''], [`${numbers.count(gained)} 人`, 'gain'], ['，', ''],
      [lost ? `${numbers.count(lost)} 人不再覆盖` : '没有人失去覆盖', lost ? 'gap' : ''], ['。', '']];
    return asked().judged ? [...said, ['条款', ''], [now.covered === now.all ? '已达标' : '仍未达标', now.covered === now.all ? 'gain' : 'gap'], ['。', '']] : said;
  }

  function worstRows(before, now) {
    const rows = Array.from(now.left.town, (left, at) => ({at, left, was: before.left.town[at]})).filter((one) => one.left || one.was);
    return rows.sort((one, other) => Math.max(other.left, other.was) - Math.max(one.left, one.was) || one.at - other.at).slice(0, 10)
      .map(({at, left, was}) => ({to: ['town', at], cells: [towns.name[at], {text: `${numbers.count(was)} →`, tone: 'quiet', right: true},
        {text: numbers.count(left), tone: left < was ? 'gain' : left ? 'gap' : '', right: true}]}));
  }

  /** How many are left out in each plan, by the question and limit that are asked. */
  function planRows() {
    return plans.length < 3 ? [] : plans.map((one) => {
      const told = toldOf(one);
      return {cells: [{text: one.name, tone: one === plan ? 'strong' : ''}, {text: numbers.count(told.all - told.covered), tone: told.all > told.covered ? 'gap' : '', right: true}, {text: share(told.covered, told.all), tone: 'quiet', right: true}]};
    });
  }

  const answers = new Map();

  /** What a plan covers; kept, since along the roads it takes a while to go from one plan to another. */
  function toldOf(one) {
    const key = JSON.stringify([question, limit, scenarioEdits(one.edits)]);
    if (!answers.has(key)) {
      const {all, covered} = judge(one.edits);
      answers.set(key, {all, covered});
    }
    return answers.get(key);
  }

  /** The clauses that give a verdict, by today's distances and the plan's: those asked by the same way as now. */
  function clauseRows() {
    const [was, at] = [question, limit];
    const rows = tool.questions.map((one, place) => [one, place]).filter(([one]) => one.judged && (one.travel === 'paper' || one.travel === tool.questions[was].travel)).map(([one, place]) => {
      [question, limit] = [place, one.limit];
      const [before, now] = [judge([]), judge(plan.edits)].map((told) => told.all - told.covered);
      const word = (left) => (left ? '未达标' : '达标');
      return {cells: [{text: one.label, small: [one.cite, one.readingLabel, `${numbers.count(before)} 人 → ${numbers.count(now)} 人未覆盖`]}, {text: `${word(before)} → ${word(now)}`, tone: now ? 'gap' : '', right: true}]};
    });
    [question, limit] = [was, at];
    return rows;
  }

  /** People by how far the nearest is, as bars; dashed, as it is today. */
  function histogram(before, now) {
    const [steps, width] = [11, limit / 5];
    const [was, is] = [before, now].map((one) => judges[question].spreadOf(one.far, width, steps));
    const [wide, high, step] = [328, 92, 328 / steps];
    const most = Math.max(...was, ...is, 1);
    const y = (people) => 10 + (high - 28) * (1 - people / most);
    const shape = (tag, look) => elements.makeSvg(tag, look);
    const bars = Array.from(is, (people, at) => shape('rect', {x: at * step + 2, y: y(people), width: step - 4, height: high - 18 - y(people), class: at < 5 ? 'in' : 'out'}));
    const line = Array.from(was, (people, at) => `${at ? 'L' : 'M'}${at * step} ${y(people)}H${(at + 1) * step}`).join('');
    const tick = (at, text) => {
      const one = shape('text', {x: at * step, y: high - 4, 'text-anchor': at ? 'middle' : 'start'});
      one.textContent = text;
      return one;
    };
    const inTotal = (sums, from, to) => numbers.count(sums.slice(from, to).reduce((sum, one) => sum + one, 0));
    const label = `离最近机构多远：限度以内 ${inTotal(is, 0, 5)} 人（今天 ${inTotal(was, 0, 5)}），限度到两倍 ${inTotal(is, 5, 10)} 人（今天 ${inTotal(was, 5, 10)}），更远或没有路 ${inTotal(is, 10, 11)} 人（今天 ${inTotal(was, 10, 11)}）`;
    const drawn = elements.makeSvg('svg', {viewBox: `0 0 ${wide} ${high}`, class: 'histogram', role: 'img', 'aria-label': label}, ...bars, shape('path', {d: line, class: 'was'}),
      shape('path', {d: `M${5 * step} 4V${high - 18}`, class: 'limit'}), tick(0, '0'), tick(5, `限度 ${limitText(limit)}`), tick(10, '两倍以上'));
    return make('section', {class: 'block', 'data-paper': 'next'}, make('header', {}, make('h3', {}, '多少人离得多远'), make('span', {}, '虚线＝今天')), drawn);
  }

  const VERBS = {open: '新设', move: '迁址', close: '停用', reopen: '恢复', remove: '撤掉', change: '改类型'};

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
        {title: '各方案未覆盖', note: '同一指标、同一限度', rows: planRows(), paper: 'next'},
        {title: '作判断的条款', note: '今天 → 方案', rows: clauseRows(), paper: 'next'},
        {title: one.quote ? '条款' : '', quote: one.quote, cite: one.cite, paper: 'next'},
      ].filter((block) => (block.rows || []).length || block.quote),
    };
  }

  function show() {
    const before = judge([]);
    const now = judge(plan.edits);
    page.show(viewOf(before, now), [pictureOf(before, now)]);
    const blocks = [...document.querySelectorAll('#blocks > .block')];
    byId('blocks').insertBefore(histogram(before, now), blocks[plan.edits.length ? 2 : 1] || null);
    writeTools(now);
    return {all: now.all, covered: now.covered, before: before.covered};
  }

  /* ---- what one does ---- */

  function act(edit) {
    if (plan === today) choosePlan(plans[1]);
    plan.edits = [...plan.edits, edit];
    plan.undone = [];
    const told = show();
    announce();
    return told;
  }

  /** Tell what the last action came to, for those who do not see it. */
  function announce() {
    const [before, now] = [judge([]), judge(plan.edits)];
    const {gained, lost} = judges[question].changed(before.far, now.far, limit);
    spoken.textContent = `新覆盖 ${numbers.count(gained)} 人，${lost ? `${numbers.count(lost)} 人不再覆盖，` : ''}剩 ${numbers.count(now.all - now.covered)} 人`;
    const lastPlace = plan.edits[plan.edits.length - 1];
    const isOff = isRoad() && lastPlace && lastPlace.lon !== undefined && !wayOf(asked().travel).isJoined([lastPlace.lon, lastPlace.lat]);
    say(isOff ? `这里离最近的路超过 ${numbers.kilometres(tool.roads.snap / 1000)}，按道路到不了任何人；换个地方，或改按直线。` : '');
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
  const change = (id, kind) => act({do: 'change', id, kind});

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
  function scenarioEdits(edits = plan.edits) {
    const {sites, closed, kinds} = standing(edits);
    const opened = sites.filter((one) => !one.isMoved && !closed.has(one.id)).map(({id, kind, name, lon: x, lat: y}) => ({open: {id, kind, name, lon: x, lat: y}}));
    const moved = sites.filter((one) => one.isMoved && !closed.has(one.id)).map(({id, lon: x, lat: y}) => ({move: id, lon: x, lat: y}));
    const gone = [...closed].filter((id) => ids.includes(id)).map((id) => ({close: id}));
    const turned = [...kinds].filter(([id, kind]) => !closed.has(id) && kind !== tool.facilities.kind[ids.indexOf(id)]).map(([id, kind]) => ({convert: id, to: kind}));
    return [...opened, ...moved, ...turned, ...gone];
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
      if (one.convert && known(one.convert)) return {do: 'change', id: one.convert, kind: one.to};
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
    const rows = scenarioEdits().map(({open, move: moved, close: gone, convert, to, lon: x, lat: y}) => {
      if (open) return ['新建', open.name, open.id, tool.kinds[open.kind], open.lon, open.lat];
      const id = moved || gone || convert;
      return [moved ? '迁移' : gone ? '关闭' : '改类型', nameOf(id), id, convert ? tool.kinds[to] : '', ...(moved ? [x, y] : ['', ''])];
    });
    return `\ufeff${[heads, ...rows.map((row) => [...row, '', '', ''])].map((row) => row.map(cell).join(',')).join('\r\n')}\r\n`;
  }

  /* ---- the tools ---- */

  const said = make('p', {class: 'said', role: 'status'});
  const spoken = make('p', {class: 'spoken', 'aria-live': 'polite'});
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
    const table = button('改动表', () => save(`${safe}_改动.csv`, editTable(), 'text/csv'), {isOff: !plan.edits.length});
    table.title = '导出改动表：用表格打开，填上费用、年份、理由，交给 fugai run';
    elements.fill('tools-below',
      button('↶ 撤销', undo, {isOff: !plan.edits.length}), button('↷ 重做', redo, {isOff: !plan.undone.length}),
      button('建议下一处（启发式）', suggest), button('导出方案', () => save(`${safe}.yaml`, exported(), 'text/yaml'), {kind: 'main'}), table,
      button('打开方案', () => file.click()), button('导出清单', () => save(`${safe}_未覆盖.csv`, gapList(), 'text/csv')), file, said);
  }

  /* ---- the pointer: a click adds or opens, a drag moves ---- */

  const idOf = (hit) => {
    if (!hit || !hit.layer) return null;
    if (hit.layer.key === 'sites') return names.sites.code[hit.row];
    return ['facilities', 'others'].includes(hit.layer.key) ? ids[hit.row] : null;
  };

  let dragged = null;
  let held = 0; // a finger that stays adds
  const container = map.getContainer();
  const HOLD_MS = 500;

  function down(event) {
    const isOnMap = event.target === container || (event.target.closest && event.target.closest('.leaflet-pane'));
    if (!isOnMap || event.button || !event.isPrimary) return;
    const from = map.mouseEventToContainerPoint(event);
    const id = idOf(stage.hitAt(from));
    const isFinger = event.pointerType === 'touch';
    if (isFinger && !id) {
      held = setTimeout(() => {
        held = 0;
        dragged = {id: null, has: true}; // the click that ends it adds nothing more
        if (armed) add(...stage.placeAt(from));
      }, HOLD_MS);
    }
    dragged = {id, from, has: false, edits: plan.edits, isFinger};
    if (id) map.dragging.disable();
  }

  function drag(event) {
    if (!dragged || !dragged.from || map.mouseEventToContainerPoint(event).distanceTo(dragged.from) < (dragged.isFinger ? 10 : 4)) return;
    clearTimeout(held);
    if (!dragged.id) return;
    dragged.has = true;
    const [x, y] = stage.placeAt(map.mouseEventToContainerPoint(event));
    if (plan === today) [, plan] = plans;
    plan.edits = [...dragged.edits, {do: 'move', id: dragged.id, lon: rounded(x), lat: rounded(y)}];
    plan.undone = [];
    show();
  }

  function drop() {
    clearTimeout(held);
    if (!dragged) return;
    map.dragging.enable();
    const was = dragged;
    dragged = was.has || was.isFinger ? {id: null, has: was.has, isTap: was.isFinger && !was.has} : null;
    if (was.has && was.id) announce();
    setTimeout(() => { dragged = null; }, 0); // the click that ends a drag adds nothing
  }

  container.addEventListener('pointerdown', down, true);
  document.addEventListener('pointermove', drag);
  ['pointerup', 'pointercancel'].forEach((name) => document.addEventListener(name, drop));

  page.clicked = (hit, place, event) => {
    if (dragged && dragged.has) return true;
    const id = idOf(hit);
    if (id) {
      page.open(hit);
      byId('card').append(siteTools(id));
      return true;
    }
    const isFinger = event && event.originalEvent && event.originalEvent.pointerType === 'touch';
    if (isFinger) say('按住不放，在手指处加一处；点开机构可以关闭、改类型。');
    else if (armed) add(...place);
    return true;
  };

  /* ---- the village under the pointer ---- */

  const NEAR_MOST = 20000; // more of them are no villages but points
  let isAsked = false;

  map.on('mousemove', (event) => {
    const {at, name, where} = names.villages;
    if (isAsked || at.lon.length > NEAR_MOST) return;
    isAsked = true;
    requestAnimationFrame(() => {
      isAsked = false;
      const [x, y] = stage.placeAt(event.containerPoint);
      const shrunk = Math.cos((y * Math.PI) / 180);
      let [least, found] = [Infinity, -1];
      for (let row = 0; row < at.lon.length; row += 1) {
        const [dx, dy] = [(at.lon[row] / 1e5 - x) * shrunk, at.lat[row] / 1e5 - y];
        if (dx * dx + dy * dy < least) [least, found] = [dx * dx + dy * dy, row];
      }
      if (found >= 0) byId('pointer').textContent = `${numbers.coordinates([x, y])}　最近：${where[found]}${name[found]}，${numbers.kilometres(geodesic(x, y, at.lon[found] / 1e5, at.lat[found] / 1e5))}`;
    });
  });

  /* ---- keys ---- */

  let chosen = null; // the site whose card is open

  /** A site goes a hundred metres, with the keys. */
  function nudge(key) {
    const place = chosen && (standing(plan.edits).sites.find((one) => one.id === chosen) || (ids.includes(chosen) ? {lon: lon[ids.indexOf(chosen)], lat: lat[ids.indexOf(chosen)]} : null));
    if (!place) return;
    const [dx, dy] = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1]}[key];
    move(chosen, place.lon + (dx * 0.1) / (111.32 * Math.cos((place.lat * Math.PI) / 180)), place.lat + (dy * 0.1) / 110.6);
  }

  function drops() {
    if (!chosen) return;
    const id = chosen;
    page.close();
    if (ids.includes(id)) close(id);
    else remove(id);
  }

  container.addEventListener('keydown', (event) => {
    if (event.key === 'Enter' && event.target === container) add(...stage.placeAt(map.getSize().divideBy(2)));
    else if (event.shiftKey && event.key.startsWith('Arrow')) nudge(event.key);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }, true);

  function siteTools(id) {
    chosen = id;
    const {closed, sites, kinds} = standing(plan.edits);
    const isOld = ids.includes(id);
    const site = sites.find((one) => one.id === id);
    const kind = site ? site.kind : kinds.get(id) || tool.facilities.kind[ids.indexOf(id)];
    const others = closed.has(id) ? [] : Object.keys(tool.kinds).filter((one) => one !== kind);
    const after = (does) => () => {
      page.close();
      does(id);
    };
    return make('div', {class: 'site-tools'},
      isOld && !closed.has(id) ? button('关闭这一处', after(close)) : null,
      isOld && closed.has(id) ? button('恢复', after(reopen)) : null,
      isOld ? null : button('撤掉', after(remove)),
      ...others.map((one) => button(`改为${tool.kinds[one]}`, after((which) => change(which, one)))));
  }

  document.addEventListener('keydown', (event) => {
    if (event.key === 'Delete' && !/^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName)) {
      drops();
      return;
    }
    if (!(event.ctrlKey || event.metaKey) || event.target.tagName === 'INPUT') return;
    if (event.key === 'z') undo();
    else if (event.key === 'y') redo();
    else return;
    event.preventDefault();
  });

  page.whatif = {ask, wayOf, add, move, close, reopen, remove, change, undo, redo, suggest, exported, editTable, opened, gapList, plans, choosePlan,
    state: () => ({plan: plan.name, edits: plan.edits, question, limit}), judged: () => {
      const now = judge(plan.edits);
      return {all: now.all, covered: now.covered};
    }};
  byId('panel').append(make('div', {id: 'tools-below'}), spoken);
  show();
}
