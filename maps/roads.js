/* The roads: those to find one's way by, and over them those that are closed, dashed and crossed. Plain ES2019. */
function mapRoads(data, elements, more) {
  'use strict';

  const {words, lines} = data.style;
  const {make, makeSvg, point, unpacked, stroke} = elements;
  const roads = data.roads || {minor: [], major: [], closed: [], crosses: []};

  const path = (kind, pane, className) => L.polyline(roads[kind].map(unpacked),
    {...lines[`road_${kind}`], pane, className, interactive: false, ...more});

  function crossAt(at) {
    const html = make('span', {style: `color:${lines.road_closed.color}`}, '✕');
    const icon = L.divIcon({className: 'cross', html, iconSize: [12, 12]});
    return L.marker(point(at), {icon, interactive: false, keyboard: false});
  }

  function closedMark() {
    const box = stroke(lines.road_closed);
    const pen = {fill: 'none', stroke: lines.road_closed.color, 'stroke-width': 1.8};
    box.append(makeSvg('path', {d: 'M9 3l6 8M15 3l-6 8', ...pen}));
    return box;
  }

  const open = L.layerGroup([path('minor', 'roads', 'road'), path('major', 'roads', 'road')]);
  const closed = L.layerGroup([path('closed', 'closed', 'closed-road'), ...roads.crosses.map(crossAt)]);

  /** Their rows of the legend; what is closed is shown whether the open roads are or not. */
  const rows = (layerRow, isShown) => [
    data.roads ? layerRow(words.roads_layer, open, stroke(lines.road_major), isShown) : null,
    roads.closed.length ? layerRow(words.closed_layer, closed, closedMark(), true) : null,
  ];

  return {open, closed, rows};
}
