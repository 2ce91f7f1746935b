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
