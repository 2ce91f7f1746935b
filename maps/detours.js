/* The settlements of 绕行清单: a triangle where the road is too long, a crossed box where there is none. Plain ES2019. */
function mapDetours(data, elements, tip) {
  'use strict';

  const {words, detours: signs} = data.style;
  const {make, makeSvg, rowsOf, point, number, people, tag, pillOf, list} = elements;
  const rows = data.detours ? rowsOf(data.detours) : [];
  const layer = L.layerGroup();

  function sign(status) {
    const {size, color, outline, glyph} = signs[status];
    const box = makeSvg('svg', {width: size, height: size, viewBox: '0 0 24 24', 'aria-hidden': 'true'});
    box.append(makeSvg('path', {d: outline, fill: color, stroke: data.style.chrome.paper, 'stroke-width': 2}));
    const pen = {fill: 'none', stroke: data.style.chrome.paper, 'stroke-width': 3, 'stroke-linecap': 'round'};
    if (glyph) box.append(makeSvg('path', {d: glyph, ...pen}));
    return box;
  }

  const kilometres = (metres) => `${(metres / 1000).toFixed(2)} 公里`;
  const way = (name, metres) => [name, metres === null ? '' : kilometres(metres)].filter(Boolean).join('，');

  function card(row) {
    const state = [row.status_label, row.reason_label].filter(Boolean).join('：');
    const pills = make('div', {class: 'pills'}, pillOf('not_judged', state), row.estimated ? tag(words.estimated) : null);
    return make('div', {},
      make('h3', {}, row.name),
      make('div', {class: 'where'}, [row.county_name, row.town_name].filter(Boolean).join('　')),
      pills,
      list([
        [words.population, people(row.population)],
        [words.radius, `${number(row.radius_km)} 公里`],
        [words.straight, way(row.paper_facility_name, row.paper_distance_m)],
        [words.by_road, way(row.road_facility_name, row.road_distance_m)],
        [words.detour_factor, row.detour_factor === null ? '' : row.detour_factor.toFixed(2)],
      ]));
  }

  const ofRule = (rule) => rows.filter((row) => row.rule === rule);

  /** Draw the settlements of one rule; those that cannot be reached come last, on top. */
  function draw(rule) {
    layer.clearLayers();
    ofRule(rule).forEach((row) => {
      const {size} = signs[row.status];
      const html = make('span', {}, sign(row.status));
      const icon = L.divIcon({className: `sign detour ${row.status}`, html, iconSize: [size, size]});
      const offset = row.status === 'unreachable' ? 2000 : 1000;
      layer.addLayer(tip(L.marker(point(row.at), {icon, keyboard: false, zIndexOffset: offset}), () => card(row)));
    });
  }

  /** The sign as the legend shows it: both of them. */
  const mark = () => make('span', {class: 'pair'}, sign('detour'), sign('unreachable'));

  return {layer, draw, mark, ofRule, isKnown: Boolean(data.detours)};
}
