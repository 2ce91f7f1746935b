/* One scenario drawn in panes of its own on one map: towns, dots, signs and what is changed. Plain ES2019. */
function compareScenes(stage, towns, townCard) {
  'use strict';

  const {data, elements, tips} = stage;
  const {words, fills, lines, symbols, marks, edges} = data.style;
  const {make, makeSvg, point, outline, rowsOf, people, sign, list, card} = elements;
  const villages = rowsOf(data.villages);
  const {tip} = tips;

  /** The frame around a facility that is changed. */
  function mark(change, size) {
    const {shape, color, dash} = marks[change];
    const look = {d: shape, fill: 'none', stroke: color, 'stroke-width': 2.6, 'stroke-dasharray': dash || 'none'};
    const halo = {d: shape, fill: 'none', stroke: data.style.chrome.paper, 'stroke-width': 5};
    return makeSvg('svg', {width: size, height: size, viewBox: '0 0 32 32', 'aria-hidden': 'true'},
      makeSvg('path', halo), makeSvg('path', look));
  }

  /** Make the panes on a map; `paint` fills them. */
  function makeScene(ground, name) {
    const pane = ground.createPane(name);
    pane.style.zIndex = 410;
    const signPane = ground.createPane(`${name}-signs`); // above the names, which are above both sides
    signPane.style.zIndex = 640;
    const renderer = L.svg({pane: name, padding: 0.5});
    const shapes = towns.map((town, at) => {
      const shape = L.polygon(outline(town.outline), {...lines.town, renderer, pane: name, className: `town ${name}`});
      tip(shape, () => townCard(town, at)).addTo(ground);
      shape.getElement().setAttribute('data-code', town.code);
      return shape;
    });
    const dots = L.layerGroup().addTo(ground);
    const signs = L.layerGroup().addTo(ground);

    function paintTowns(side, moved) {
      const found = new Map(side.towns.map((row) => [row[0], row]));
      shapes.forEach((shape, at) => {
        const row = found.get(at);
        const edge = edges[moved.get(at)];
        shape.setStyle({...lines.town, fillColor: fills[row ? row[1] : fills.length - 1].fill, dashArray: null, ...edge});
        if (edge) shape.bringToFront();
      });
    }

    function paintDots(side) {
      dots.clearLayers();
      side.dots.forEach(([at, radius, left, lost]) => {
        const look = {...(lost ? lines.unreachable : lines.uncovered), radius, renderer, pane: name, className: 'uncovered'};
        const {name: village, where} = villages[at];
        const rows = [[words.uncovered, left - lost ? people(left - lost) : ''], [words.unreachable, lost ? people(lost) : '']];
        tip(L.circleMarker(point(villages[at].at), look), () => card(village, where, list(rows))).addTo(dots);
      });
    }

    function addSign(at, html, className, size, said, order) {
      const icon = L.divIcon({className, html, iconSize: [size, size]});
      tip(L.marker(point(at), {icon, pane: `${name}-signs`, keyboard: false, zIndexOffset: order}), said).addTo(signs);
    }

    function paintOpen(open, kinds) {
      open.kind.forEach((kind, at) => {
        if (!kinds.includes(kind)) return;
        const box = make('span', {}, sign(kind, 'open'));
        addSign(open.at[at], box, 'sign', symbols[kind].size, () => card(open.name[at], symbols[kind].label), 0);
      });
    }

    /** A changed facility: as it is in this scenario; of one that moves, on the first side the place that it leaves. */
    function paintChange(site, role) {
      const at = role === 'after' ? site.after || site.before : site.before;
      if (!at || (role === 'before' && site.change !== 'moved')) return;
      const inner = sign(site.kind, site.change === 'closed' ? 'closed' : 'open');
      const word = make('i', {}, `${role === 'before' ? words.old_place : site.word} `);
      const label = make('b', {style: `color:${marks[site.change].color}`}, word, String(site.number));
      const html = make('span', {}, inner, mark(site.change, 32), label);
      const said = () => card(site.name, site.where, list([[site.word, site.detail]]));
      addSign(at, html, `change ${site.change}`, symbols[site.kind].size, said, 1000);
    }

    /** Paint one side of a reading; `moved` are the towns that are better or worse off, `shown` what is asked for. */
    function paint({view, role, reading, moved, sites, shown}) {
      const side = reading.sides[view];
      paintTowns(side, moved);
      paintDots(shown.uncovered ? side : {dots: []});
      signs.clearLayers();
      if (shown.signs) paintOpen(data.views[view].open, reading.kinds);
      if (shown.changes) sites.forEach((site) => paintChange(site, role));
    }

    return {panes: [pane, signPane], paint};
  }

  return {makeScene, mark};
}
