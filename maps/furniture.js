/* What stands around the map: title, notice, sources, and the controls upon it. Plain ES2019. */
function mapFurniture(map, data, elements) {
  'use strict';

  const {words, chrome} = data.style;
  const {furniture} = data;
  const {make, makeSvg, fill} = elements;

  function writeFurniture() {
    document.title = furniture.title;
    fill('title', furniture.title);
    fill('subtitle', furniture.subtitle);
    fill('notice', furniture.notice);
    fill('alarm', data.alarm);
    const facts = [
      [words.drawn_by, furniture.drawn_by || words.blank],
      [words.date, furniture.date || words.blank],
      [words.unit, furniture.unit],
      [words.approval_number, furniture.approval_number || words.blank],
      [words.version, furniture.version],
      [words.projection, words.projection_value],
    ];
    /* One line each on the screen, in full in the panel and on paper. */
    const long = [
      [words.sources, furniture.sources.map((one) => one.replace(/[。；]$/, '')).join('；')],
      [words.accuracy, furniture.accuracy],
    ];
    const written = (className) => ([term, value]) =>
      make('div', {class: className, title: value}, `${term}：`, make('b', {}, value));
    const given = ([, value]) => value;
    fill('furniture', ...facts.filter(given).map(written('short')), ...long.filter(given).map(written('long')));
    fill('sources', ...[...furniture.sources, furniture.accuracy].filter(Boolean).map((text) => make('li', {}, text)));
    fill('parameters', ...furniture.parameters.map((text) => make('li', {}, text)));
    fill('inputs', ...furniture.inputs.map(([file, hash]) => make('li', {}, file, make('code', {}, hash))));
  }

  function addControls(goHome) {
    const titles = {zoomInTitle: words.zoom_in, zoomOutTitle: words.zoom_out};
    const zoom = L.control.zoom({position: 'topright', ...titles}).addTo(map);
    const button = make('button', {class: 'home', type: 'button'}, words.home);
    L.DomEvent.disableClickPropagation(button);
    button.addEventListener('click', goHome);
    zoom.getContainer().append(button);
    L.control.scale({imperial: false, maxWidth: 130, position: 'bottomleft'}).addTo(map);
    const arrow = makeSvg('svg', {width: 18, height: 24, viewBox: '0 0 18 24'},
      makeSvg('path', {d: 'M9 1L16 22 9 17z', fill: chrome.ink}),
      makeSvg('path', {d: 'M9 1L2 22 9 17z', fill: chrome.paper, stroke: chrome.ink, 'stroke-width': 1}));
    const compass = L.control({position: 'topleft'});
    compass.onAdd = () => make('div', {class: 'north'}, words.north, arrow);
    compass.addTo(map);
  }

  return {writeFurniture, addControls};
}
