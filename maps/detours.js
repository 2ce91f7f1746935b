/* The settlements of 绕行清单: a triangle where the road is too long, a crossed box where there is none. Plain ES2019. */
function mapDetours(stage, layers) {
  'use strict';

  const {data, elements, tips} = stage;
  const {words, detours: signs} = data.style;
  const {make, rowsOf, numbers, people, drawn, tag, pillOf, list, card} = elements;
  const rows = data.detours ? rowsOf(data.detours) : [];
  const layer = L.layerGroup();

  const {paper} = data.style.chrome;
  const sign = (status) => drawn({...signs[status], fill: signs[status].color, line: paper, pen: paper});

  const way = (name, metres) => [name, metres === null ? '' : numbers.kilometres(metres)].filter(Boolean).join('，');

  function rowCard(row) {
    const state = [row.status_label, row.reason_label].filter(Boolean).join('：');
    const pills = make('div', {class: 'pills'}, pillOf('not_judged', state), row.estimated ? tag(words.estimated) : null);
    const where = [row.county_name, row.town_name].filter(Boolean).join('　');
    return card(row.name, where, pills, list([
      [words.population, people(row.population)],
      [words.radius, `${numbers.exact(row.radius_km)} 公里`],
      [words.straight, way(row.paper_facility_name, row.paper_distance_m)],
      [words.by_road, way(row.road_facility_name, row.road_distance_m)],
      [words.detour_factor, row.detour_factor === null ? '' : numbers.number(row.detour_factor)],
    ]));
  }

  const ofRule = (rule) => rows.filter((row) => row.rule === rule);

  /** Draw the settlements of one rule; those that cannot be reached come last, on top. */
  function draw(rule) {
    layer.clearLayers();
    ofRule(rule).forEach((row) => {
      const look = {order: row.status === 'unreachable' ? 2000 : 1000};
      const at = layers.marker(row.at, sign(row.status), signs[row.status].size, `detour ${row.status}`, look);
      layer.addLayer(tips.tip(at, () => rowCard(row)));
    });
  }

  /** The sign as the legend shows it: both of them. */
  const mark = () => make('span', {class: 'pair'}, sign('detour'), sign('unreachable'));

  return {layer, draw, mark, ofRule, isKnown: Boolean(data.detours)};
}
