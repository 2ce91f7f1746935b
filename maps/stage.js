/* What every page begins with: its data, what stands around the map, and the whole in view. Plain ES2019. */
function mapStage(map, name, options) {
  'use strict';

  const {panes = [], atHome = () => {}} = options;
  const data = JSON.parse(document.getElementById(`${name}-data`).textContent);
  const elements = mapElements(data.style);
  const view = mapView(map, data.bounds, options);
  const tips = mapTips(map, view, data.style.lines.spot);
  const {writeFurniture, addControls} = mapFurniture(map, data, elements);

  ['towns', 'roads', 'closed', 'counties', ...panes, 'spot'].forEach((pane, at) => {
    map.createPane(pane).style.zIndex = 400 + at * 10;
  });
  Object.assign(map.createPane('names').style, {zIndex: 590, pointerEvents: 'none'}); // signs are never written over
  writeFurniture();
  addControls(() => {
    tips.unpin();
    atHome();
    view.frame(view.home);
  });
  elements.byId('print').addEventListener('click', () => window.print());
  view.measure(); // the texts just written have changed the room for the map
  view.frame(view.home);

  return {data, elements, view, tips, rows: mapRows(elements), legend: mapLayerRows(map, data.style, elements)};
}
