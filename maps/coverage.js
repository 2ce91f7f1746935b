/* Shows one city's findings. Everything here is looked up, nothing about coverage is computed; text that comes
   from data is only ever set as text. Plain ES2019. */
function showCoverage(map) {
  'use strict';

  const stage = mapStage(map, 'coverage', {panes: ['rings', 'villages', 'uncovered', 'decided']});
  const {data, elements, view, tips} = stage;
  const {choosable, fillTable} = stage.rows;
  const {words, fills, symbols} = data.style;
  const {byId, make, fill, rowsOf, pill} = elements;
  const {shareLegend, countyRow, cityLines} = mapLegend(data.style, elements);
  const cards = mapCards(data.style, elements);
  const layers = mapLayers(map, stage);
  const settlements = coverageLayers(map, stage, layers, cards);
  const {towns} = layers;

  const pairs = data.pairs.map((one) => ({
    ...one,
    city: rowsOf(one.city)[0],
    counties: rowsOf(one.counties),
    towns: new Map(rowsOf(one.towns).map((row) => [row.subject_code, row])),
    villages: rowsOf(one.villages),
  }));
  let chosen = pairs[data.first];

  const rowOf = (town) => (chosen ? chosen.towns.get(town.code) : undefined);
  const isPeople = () => Boolean(chosen) && chosen.basis === 'people';
  const fillOf = (row) => fills[row ? row.fill : fills.length - 1].fill;

  function townCard(town) {
    const where = [town.county, town.code].join('　');
    return cards.findingCard(town.name, where, rowOf(town), town.estimated, isPeople());
  }

  /* ---- the panel ---- */

  function summaryRow(row) {
    const at = pairs.findIndex((one) => one.rule === row.rule && one.reading === row.reading);
    const value = row.value_text || words.none;
    const shown = (row.was ? `${row.was} → ${value}` : value) + row.known_text;
    const cells = [row.reading_label, shown, pill(row.status)];
    const line = make('tr', {'data-pair': at}, ...cells.map((cell) => make('td', {}, cell)));
    return at < 0 ? line : choosable(line, () => choose(at));
  }

  /** One heading a rule, one row a reading of it. */
  function summaryRows() {
    let rule = null;
    return rowsOf(data.summary).flatMap((row) => {
      const isNew = row.rule !== rule;
      rule = row.rule;
      const said = [`${words.required}：${row.required_text}`, row.note].filter(Boolean).join('；');
      const required = make('small', {}, said);
      const heading = make('th', {colspan: 3, scope: 'rowgroup'}, row.rule_label, required);
      return isNew ? [make('tr', {}, heading), summaryRow(row)] : [summaryRow(row)];
    });
  }

  /** Each rule once, with the places of its readings in `pairs`. */
  const rules = new Map();
  pairs.forEach((one, at) => rules.set(one.rule, [...(rules.get(one.rule) || []), at]));

  function choose(at) {
    tips.unpin();
    const isOtherRule = chosen.rule !== pairs[at].rule;
    chosen = pairs[at];
    byId('rule').value = chosen.rule;
    const readings = rules.get(chosen.rule);
    fill('reading', ...readings.map((one) => make('option', {value: one}, pairs[one].readingLabel)));
    byId('reading').value = String(at);
    byId('reading').disabled = readings.length < 2;
    byId('reading').title = chosen.readingLabel;
    layers.paintTowns((town) => fillOf(rowOf(town)));
    settlements.draw(chosen);
    writeChosen();
    byId('summary').querySelectorAll('tr').forEach((line) => {
      line.classList.toggle('chosen', line.getAttribute('data-pair') === String(at));
    });
    if (isOtherRule) frameJudged();
  }

  /** The word for what is shown; of what is not judged nothing may be called 达标 or 已判断. */
  const wordOf = (name) => (!chosen.judged && words[`${name}_unjudged`]) || words[name];

  function writeChosen() {
    const row = chosen.city || chosen.towns.values().next().value;
    fill('chosen', chosen.label);
    fill('chosen-reading', chosen.readingLabel ? `${words.reading}：${chosen.readingLabel}` : '');
    fill('city', ...cityLines(chosen.city, isPeople()));
    fill('counties', make('caption', {}, wordOf(`bars_${chosen.basis}`)), ...chosen.counties.map((one) => countyRow(one, isPeople())));
    byId('clause').hidden = !row.quote && !row.document;
    fill('clause', ...(cards.quotation(row) || make('div')).childNodes);
    fill('fills', ...shareLegend(chosen));
    fill('denominator', `${wordOf(`meaning_${chosen.basis}`)}：${row.denominator || words.none}`);
    const notes = [words.planned, words.estimated_legend];
    if (!chosen.villages.length) notes.push(hasNoData() ? words.no_data_villages : words.no_villages);
    if (chosen.villages.some((one) => one.unreachable)) notes.push(words.unreachable_mark);
    fill('legend-notes', notes.join('\n'));
  }

  /** Whether some of it is not known: then nobody may be said to have none left out. */
  const hasNoData = () => [chosen.city, ...chosen.towns.values()].some((row) => row && row.status === 'no_data');

  /** Where a rule is about a few towns only, look at those; leave a view that the reader has chosen otherwise alone. */
  function frameJudged() {
    const judged = towns.filter((town) => fillOf(rowOf(town)) !== fills[fills.length - 1].fill);
    const bounds = judged.reduce((all, town) => all.extend(town.shape.getBounds()), L.latLngBounds([]));
    const isClose = judged.length && map.getBoundsZoom(bounds) >= map.getBoundsZoom(view.home) + 1.5;
    if (isClose) view.frame(bounds, {padding: [30, 30]});
    else if (view.isFramed()) view.frame(view.home);
  }

  /* ---- what can be searched: towns, then villages, then facilities ---- */

  function villageSaid(village) {
    const row = chosen && chosen.villages.find((one) => one.subject_code === village.code);
    const where = [village.where, village.code].join('　');
    return row ? cards.findingCard(village.name, where, row, village.estimated, isPeople()) : cards.villageCard(village);
  }

  function searchable() {
    const villages = settlements.villages.map((one) => (
      {name: one.name, code: one.code, where: one.where, go: () => tips.goToSpot(one.at, villageSaid(one))}));
    const facilities = settlements.facilities.map((one) => ({
      name: one.name,
      code: one.id,
      where: [one.town, symbols[one.kind].label].filter(Boolean).join(' '),
      go: () => tips.goToSpot(one.at, cards.facilityCard(one)),
    }));
    return [...layers.townEntries(), ...villages, ...facilities];
  }

  layers.addTowns(townCard);
  fill('layers', ...settlements.rows());
  fillTable('summary', [], summaryRows());
  fill('rule', ...[...rules].map(([rule, [first]]) => make('option', {value: rule}, pairs[first].label)));
  byId('rule').addEventListener('change', () => choose(rules.get(byId('rule').value)[0]));
  byId('reading').addEventListener('change', () => choose(Number(byId('reading').value)));
  mapSearch(searchable(), words, elements);
  if (pairs.length) choose(data.first);
}
