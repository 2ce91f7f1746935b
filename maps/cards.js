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
