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
